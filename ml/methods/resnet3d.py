"""3-D ResNets that have learnt from actions, taught what is abnormal (Jo and Yu, in Korean).

Networks are those of Hara et al., CVPR 2018, and R(2+1)D as their project has it; the weights that
it publishes may be begun with. What is open is in docs/clip-methods.md.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic.dataclasses import dataclass
from torch import nn

from ml.methods._base import ReadySweep, option, register
from ml.methods._clip_options import (
    Classes,
    ClipLength,
    ContrastBy,
    FallsAfter,
    FallsAtRest,
    FrameRate,
    HeadDropout,
    HeadLearningRate,
    LongestSeconds,
    Momentum,
    PictureSize,
    StrideSeconds,
    WidthDivisor,
    WindowSeconds,
)
from ml.methods._clips import ClipMethod
from ml.methods._options import BatchSize, ComputePrecision, Epochs, LearningRate, WeightDecay
from ml.models.backbones.resnet3d import DEPTHS, Depth, ResNet3D, dimension_of
from ml.models.backbones.split_resnet3d import SplitResNet3D
from ml.models.clip_classifier import ClipClassifier, as_he_begins

Architecture = Literal["r3d", "r2plus1d"]
NETWORKS = {"r3d": ResNet3D, "r2plus1d": SplitResNet3D}
FROM = {"layer1": 1, "layer2": 2, "layer3": 3, "layer4": 4, "fc": 5}


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class ResNet3DConfig:
    picture_size: PictureSize = 112
    clip_length: ClipLength = 16
    frame_rate: FrameRate = 0.0
    contrast: ContrastBy = "none"
    longest_seconds: LongestSeconds = 5.0
    architecture: Annotated[
        Architecture,
        option("Model", "Architecture", "3-D convolutions, or such that are split into space and "
               "time"),
    ] = "r3d"  # fmt: skip
    depth: Annotated[Depth, option("Model", "Depth", "Layers of the network")] = 50
    shortcut: Annotated[
        Literal["B", "A"],
        option("Model", "Shortcut", "A: without weights, as the files of 2017 for 18 and 34 "
               "layers; B: all others"),
    ] = "B"  # fmt: skip
    narrowed: WidthDivisor = 1
    dropout: HeadDropout = 0.0
    classes: Classes = "two"
    learns_from: Annotated[
        Literal["all", "layer1", "layer2", "layer3", "layer4", "fc"],
        option("Training", "Learns from", "The first part that learns; those before it stay as "
               "they are"),
    ] = "all"  # fmt: skip
    epochs: Epochs = 20
    batch_size: BatchSize = 8
    learning_rate: LearningRate = 0.001
    head_learning_rate: HeadLearningRate = 0.01
    momentum: Momentum = 0.9
    weight_decay: WeightDecay = 0.001
    falls_after: FallsAfter = (10, 15)
    falls_at_rest: FallsAtRest = 0
    precision: ComputePrecision = "float32"
    window_seconds: WindowSeconds = 5.0
    stride_seconds: StrideSeconds = 1.0


@register
class ResNet3DMethod(ClipMethod):
    title = "3D ResNet"
    summary = (
        "Learns to tell normal from abnormal clips by a residual network over clips, which may "
        "have learnt from actions before"
    )
    paper = "Jo, Yu, Anomaly Detection using Transfer Learning based on 3D ResNet (in Korean)"
    last_layer = "fc"
    head = ("fc.",)
    # The second gives four steps of 16 pictures; the last, one.
    cam_layers = ("backbone.layer2", "backbone.layer1", "backbone.layer3", "backbone.layer4")
    mean = (110.7975, 103.3005, 96.2625)  # 0.4345, 0.4051, 0.3775 of 255: the project's Kinetics
    deviation = (70.584, 69.1815, 69.7935)  # 0.2768, 0.2713, 0.2737
    Config = ResNet3DConfig
    tiny = ResNet3DConfig(
        picture_size=24, clip_length=4, longest_seconds=0.5, depth=18, narrowed=16, epochs=10,
        batch_size=8, learning_rate=0.02, head_learning_rate=0.02, falls_after=(7,),
        window_seconds=0.4, stride_seconds=0.1,
    )  # fmt: skip
    sweeps = (
        ReadySweep(
            name="depth",
            title="Depth",
            reproduces="The rows of table 3, without weights to begin with",
            grid={"depth": DEPTHS},
        ),
    )
    config: ResNet3DConfig

    def build(self, n_classes: int) -> nn.Module:
        config = self.config
        backbone = NETWORKS[config.architecture](
            config.depth, projects=config.shortcut == "B", narrowed=config.narrowed
        )
        dimension = dimension_of(config.depth) // config.narrowed
        network = ClipClassifier(backbone, dimension, n_classes, dropout=config.dropout)
        return as_he_begins(network)

    def prepare(self, n_classes: int, *, is_resumed: bool) -> None:
        super().prepare(n_classes, is_resumed=is_resumed)
        first = FROM.get(self.config.learns_from, 0)
        for name, part in self.learnt.get_submodule("backbone").named_children():
            part.requires_grad_(FROM.get(name, 0) >= first)

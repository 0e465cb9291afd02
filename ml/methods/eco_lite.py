"""ECO Lite: maps of each picture, and a 3-D network over them (Zolfaghari et al., ECCV 2018).

A baseline of Yamashita et al., IPSJ 2021. What is open is in docs/clip-methods.md.
"""

from __future__ import annotations

from pydantic.dataclasses import dataclass
from torch import nn

from ml.methods._base import register
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
from ml.models.eco_lite import ECOLite


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class ECOLiteConfig:
    picture_size: PictureSize = 224
    clip_length: ClipLength = 16
    frame_rate: FrameRate = 30.0
    contrast: ContrastBy = "none"
    longest_seconds: LongestSeconds = 5.0
    narrowed: WidthDivisor = 1
    dropout: HeadDropout = 0.3
    classes: Classes = "two"
    epochs: Epochs = 40
    batch_size: BatchSize = 15
    learning_rate: LearningRate = 0.001
    head_learning_rate: HeadLearningRate = 0.001
    momentum: Momentum = 0.9
    weight_decay: WeightDecay = 0.0005
    falls_after: FallsAfter = (15, 30)
    falls_at_rest: FallsAtRest = 0
    precision: ComputePrecision = "float32"
    window_seconds: WindowSeconds = 5.0
    stride_seconds: StrideSeconds = 1.0


@register
class ECOLiteMethod(ClipMethod):
    title = "ECO Lite"
    summary = (
        "Learns to tell normal from abnormal clips by a 2-D network over each picture and a 3-D "
        "one over the maps of all of them"
    )
    paper = (
        "Zolfaghari, Singh, Brox, ECO: Efficient Convolutional Network for Online Video "
        "Understanding, ECCV 2018"
    )
    last_layer = "fc_final"
    head = ("fc_final.",)
    cam_layers = ("clips", "pictures")
    mean = (128.0, 117.0, 104.0)
    deviation = (1.0, 1.0, 1.0)
    is_bgr = True
    nesterov = True
    clip_norm = 50.0
    Config = ECOLiteConfig
    tiny = ECOLiteConfig(
        picture_size=24, clip_length=4, longest_seconds=0.5, narrowed=8, dropout=0.0, epochs=12,
        batch_size=8, learning_rate=0.01, head_learning_rate=0.01, falls_after=(8,),
        window_seconds=0.4, stride_seconds=0.1,
    )  # fmt: skip
    config: ECOLiteConfig

    def build(self, n_classes: int) -> nn.Module:
        config = self.config
        return ECOLite(n_classes, dropout=config.dropout, narrowed=config.narrowed)

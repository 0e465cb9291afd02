"""TS-3DCNN: pictures and what changes between them, in two streams (Yamashita et al., IPSJ 2021).

Begun at random, or in one of three ways with weights that were learnt before, of which Cross
Modality Pre-Training is the paper's. What it leaves open is in docs/clip-methods.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Literal

from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ml.data.clips.modalities import MODALITIES, Modality
from ml.data.clips.modalities.flow import (
    FlowBound,
    FlowBy,
    FlowIterations,
    FlowLevels,
    FlowWindow,
)
from ml.data.clips.modalities.rgb_difference import Difference
from ml.methods._base import ReadySweep, Variant, option, register
from ml.methods._clip_options import (
    Classes,
    ClipLength,
    ContrastBy,
    FallsAfter,
    FallsAtRest,
    FrameRate,
    HeadLearningRate,
    LongestSeconds,
    Momentum,
    PictureSize,
    StreamDropout,
    StrideSeconds,
    Widths,
    WindowSeconds,
)
from ml.methods._clips import ClipMethod
from ml.methods._options import BatchSize, ComputePrecision, Epochs, LearningRate, WeightDecay
from ml.methods._restoring import restore
from ml.models.cross_modality import FirstFilters, second_stream
from ml.models.ts_3dcnn import TwoStream3DCNN
from ml.records import BadInput
from ml.training.checkpoints import Checkpoint

ONE_STREAM = "os_3dcnn"
BELOW = "modules/network/"  # in a checkpoint's names
Initialisation = Annotated[
    Literal["none", "one_stream", "two_stream", "cross_modality"],
    option("Training", "Initialisation", "none: random; the others take weights to begin with: "
           "one_stream and cross_modality those of OS-3DCNN, two_stream its own"),
]  # fmt: skip
FrozenNorms = Annotated[
    Literal["statistics", "everything", "none"],
    option("Training", "Frozen norms", "With cross_modality, of all batch norms but the second "
           "stream's first: means and variances, or scales and shifts as well"),
]  # fmt: skip


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class TS3DCNNConfig:
    picture_size: PictureSize = 224
    clip_length: ClipLength = 16
    frame_rate: FrameRate = 30.0
    contrast: ContrastBy = "none"
    longest_seconds: LongestSeconds = 5.0
    second_modality: Annotated[
        Literal["rgb_difference", "flow"],
        option("Data", "Second modality", "What the second stream sees of the pictures"),
    ] = "rgb_difference"
    difference: Difference = "signed"
    flow_by: FlowBy = "farneback"
    flow_levels: FlowLevels = 3
    flow_window: FlowWindow = 15
    flow_iterations: FlowIterations = 3
    flow_bound: FlowBound = 20.0
    widths: Widths = (64, 128, 256, 512)
    dropout: StreamDropout = 0.5
    classes: Classes = "two"
    initialisation: Initialisation = "none"
    first_filters: Annotated[
        FirstFilters,
        option("Training", "First filters", "With cross_modality, of the second stream: the mean "
               "of all filters for each, as the paper says; the mean over the channels, as TSN"),
    ] = "mean_filters"  # fmt: skip
    frozen_norms: FrozenNorms = "statistics"
    epochs: Epochs = 20
    batch_size: BatchSize = 3
    learning_rate: LearningRate = 0.005
    head_learning_rate: HeadLearningRate = 0.01
    momentum: Momentum = 0.9
    weight_decay: WeightDecay = 0.0005
    falls_after: FallsAfter = (8, 12, 15)
    falls_at_rest: FallsAtRest = 0
    precision: ComputePrecision = "float32"
    window_seconds: WindowSeconds = 5.0
    stride_seconds: StrideSeconds = 1.0


@register
class TS3DCNN(ClipMethod):
    title = "TS-3DCNN"
    summary = (
        "Learns to tell normal from abnormal clips by two 3-D streams, over their pictures and "
        "over what changes between these"
    )
    paper = (
        "Yamashita, Hizukuri, Nakayama, Detection of Shoplifting Behaviour with Two-Stream 3D "
        "Convolutional Neural Networks using Cross Modality Pre-Training (in Japanese), IPSJ 2021"
    )
    last_layer = "head.fc"
    head = ("head.",)
    cam_layers = ("head.maps", "rgb", "second")
    begins_with = (ONE_STREAM,)
    Config = TS3DCNNConfig
    tiny = TS3DCNNConfig(
        picture_size=16, clip_length=4, longest_seconds=0.5, widths=(8, 8, 8, 16), epochs=12,
        batch_size=8, falls_after=(8,), window_seconds=0.4, stride_seconds=0.1,
    )  # fmt: skip
    sweeps = (
        ReadySweep(
            name="second_modality",
            title="What the second stream sees",
            reproduces="Two curves of figure 5, without their pre-training",
            variants=(
                Variant(title="RGB difference"),
                Variant(title="Optical flow", config={"second_modality": "flow"}),
            ),
        ),
    )
    config: TS3DCNNConfig

    def build(self, n_classes: int) -> nn.Module:
        return TwoStream3DCNN(self.config.widths, n_classes, dropout=self.config.dropout)

    @property
    def modalities(self) -> tuple[Modality, ...]:
        names = ("rgb", self.config.second_modality)
        return tuple(MODALITIES.find(name).by(self.config) for name in names)

    def begin_with(self, checkpoint: Checkpoint) -> None:
        """As the initialisation says. Raise BadInput where it takes other weights."""
        initialisation = self.config.initialisation
        wanted = {"none": "", "two_stream": "ts_3dcnn"}.get(initialisation, ONE_STREAM)
        if checkpoint.method != wanted:
            takes = f"those of {wanted}" if wanted else "none"
            raise BadInput(
                f"initialisation: {initialisation} takes {takes} to begin with, and these are "
                f"weights of {checkpoint.method}"
            )
        if initialisation == "two_stream":
            restore(self, checkpoint)
        else:
            self.set_classes(2)
            self._take_stream(checkpoint.tensors)

    def _take_stream(self, tensors: Mapping[str, Tensor]) -> None:
        """What one stream has learnt, for the first, and with cross_modality for the second."""
        start = f"{BELOW}rgb."
        given = {
            name.removeprefix(start): each
            for name, each in tensors.items()
            if name.startswith(start)
        }
        rgb, second = (self.learnt.get_submodule(name) for name in ("rgb", "second"))
        expected = {name: each.shape for name, each in rgb.state_dict().items()}
        if expected != {name: each.shape for name, each in given.items()}:
            raise BadInput("The weights are those of another network: its widths are others")
        rgb.load_state_dict(given)
        if self.config.initialisation == "cross_modality":
            # Without its first norm, which learns anew.
            second.load_state_dict(second_stream(given, self.config.first_filters), strict=False)

    def prepare(self, n_classes: int, *, is_resumed: bool) -> None:
        initialisation = self.config.initialisation
        if initialisation != "none" and self.network is None and not is_resumed:
            raise BadInput(
                f"initialisation: {initialisation} begins with weights that were learnt before: "
                "name a run that has them"
            )
        super().prepare(n_classes, is_resumed=is_resumed)
        if self.config.frozen_norms == "everything":
            for norm in self.still_norms():
                norm.requires_grad_(False)

    def still_norms(self) -> Iterable[nn.Module]:
        """All but the second stream's first."""
        config = self.config
        if config.initialisation != "cross_modality" or config.frozen_norms == "none":
            return
        own = self.learnt.get_submodule("second.bn1")
        for module in self.learnt.modules():
            if isinstance(module, nn.BatchNorm3d) and module is not own:
                yield module

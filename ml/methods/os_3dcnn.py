"""OS-3DCNN: a 3-D network over the pictures of a clip (Yamashita et al., IPSJ 2021, in Japanese).

Their baseline, and what they pre-train. What their paper leaves open is in docs/clip-methods.md.
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
from ml.models.ts_3dcnn import OneStream3DCNN


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class OS3DCNNConfig:
    picture_size: PictureSize = 224
    clip_length: ClipLength = 16
    frame_rate: FrameRate = 30.0
    contrast: ContrastBy = "none"
    longest_seconds: LongestSeconds = 5.0
    widths: Widths = (64, 128, 256, 512)
    dropout: StreamDropout = 0.5
    classes: Classes = "two"
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
class OS3DCNN(ClipMethod):
    title = "OS-3DCNN"
    summary = "Learns to tell normal from abnormal clips by a 3-D network over their pictures"
    paper = (
        "Yamashita, Hizukuri, Nakayama, Detection of Shoplifting Behaviour with Two-Stream 3D "
        "Convolutional Neural Networks using Cross Modality Pre-Training (in Japanese), IPSJ 2021"
    )
    last_layer = "head.fc"
    head = ("head.",)
    cam_layers = ("head.maps", "rgb")
    Config = OS3DCNNConfig
    tiny = OS3DCNNConfig(
        picture_size=16, clip_length=4, longest_seconds=0.5, widths=(8, 8, 8, 16), epochs=12,
        batch_size=8, falls_after=(8,), window_seconds=0.4, stride_seconds=0.1,
    )  # fmt: skip
    config: OS3DCNNConfig

    def build(self, n_classes: int) -> nn.Module:
        return OneStream3DCNN(self.config.widths, n_classes, dropout=self.config.dropout)

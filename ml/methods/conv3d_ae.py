"""A 3-D convolutional autoencoder over clips, as the baseline of MemAE without its memory.

What is changed is in docs/methods.md.
B clips, T frames in a clip, H W height and width.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ml.data.samples.frames import FrameStore
from ml.methods._base import option, register
from ml.methods._one_class import OneClassMethod, PatchSize, ScoringState, WindowLearner
from ml.methods._options import BatchSize, ComputePrecision, Epochs, LearningRate
from ml.supervision import Supervision
from ml.training.learner import Learner, Moment
from ml.training.plan import Indices

# Of the four layers, in time and space: a clip becomes an eighth as long, a 16th as wide and high.
STRIDES = ((1, 2, 2), (2, 2, 2), (2, 2, 2), (2, 2, 2))


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class Conv3dAEConfig:
    window: Annotated[
        int,
        option("Data", "Window", "Frames of a clip, a multiple of 8", ge=8, le=64, multiple_of=8),
    ] = 16
    input_size: Annotated[
        int,
        option("Data", "Input size", "Frames are resized to this square, a multiple of 16",
               ge=32, le=512, multiple_of=16),
    ] = 256  # fmt: skip
    window_step: Annotated[
        int,
        option("Data", "Window step", "A training clip begins every so many frames", ge=1, le=64),
    ] = 1
    channels: Annotated[
        tuple[Annotated[int, Field(ge=1, le=1024)], ...],
        option("Model", "Channels", "Of the four convolutions of the encoder",
               min_length=4, max_length=4),
    ] = (96, 128, 256, 256)  # fmt: skip
    epochs: Epochs = 60
    batch_size: BatchSize = 10
    learning_rate: LearningRate = 1e-4
    precision: ComputePrecision = "float32"
    patch_size: PatchSize = 0


@register
class Conv3dAE(OneClassMethod):
    title = "3-D Conv-AE"
    summary = "Learns to reconstruct clips of normal frames with convolutions in space and time"
    paper = "Gong et al., Memorizing Normality to Detect Anomaly, ICCV 2019: the autoencoder"
    supervision = Supervision.ONE_CLASS
    rule = (
        "A frame's score is its mean squared reconstruction error over all clips that contain it; "
        "the frames of a video shorter than a clip have no score"
    )
    scores_all_frames = True
    map_rule = (
        "the squared difference of its brightness, which lies in −1…1, and its reconstruction, "
        "mean over all clips that contain the frame"
    )
    Config = Conv3dAEConfig
    tiny = Conv3dAEConfig(
        window=8, input_size=32, channels=(8, 16, 16, 16), epochs=6, batch_size=8,
        learning_rate=3e-3,
    )  # fmt: skip

    def __init__(self, config: Conv3dAEConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.network = Autoencoder3d(config.channels).to(device)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"network": self.network}

    def _learner(self, train: FrameStore, validation: FrameStore | None) -> Learner[Indices]:
        return _Learner(self, train, validation)

    def reconstruct(self, clips_BTHW: Tensor) -> Tensor:
        with self.computing():
            rebuilt = self.network(clips_BTHW.unsqueeze(1)).squeeze(1)
        return rebuilt.float()

    def errors(self, windows: NDArray[np.uint8], state: ScoringState) -> Tensor:
        clips_BTHW = self.pixels(windows)
        return (self.reconstruct(clips_BTHW) - clips_BTHW).square()


class Autoencoder3d(nn.Module):
    """(B, 1, T, H, W) to the same: four convolutions with batch normalisation and their mirror."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        sizes = [1, *channels]
        blocks: list[nn.Module] = []
        for (before, after), stride in zip(pairwise(sizes), STRIDES, strict=True):
            convolution = nn.Conv3d(before, after, 3, stride=stride, padding=1)
            blocks += [convolution, nn.BatchNorm3d(after), nn.LeakyReLU(0.2)]
        for (before, after), stride in zip(pairwise(sizes[::-1]), STRIDES[::-1], strict=True):
            blocks.append(_grow(before, after, stride))
            if after != 1:
                blocks += [nn.BatchNorm3d(after), nn.LeakyReLU(0.2)]
        self.blocks = nn.Sequential(*blocks)

    def forward(self, clips: Tensor) -> Tensor:
        return self.blocks(clips)


def _grow(before: int, after: int, stride: tuple[int, int, int]) -> nn.ConvTranspose3d:
    """Exactly `stride` times as long, high and wide."""
    more = tuple(step - 1 for step in stride)
    return nn.ConvTranspose3d(
        before,
        after,
        3,
        stride=stride,
        padding=1,
        output_padding=more,  # type: ignore[arg-type]
    )


class _Learner(WindowLearner):
    """Mean squared error over all pixels of a clip."""

    method: Conv3dAE

    def __init__(self, method: Conv3dAE, train: FrameStore, validation: FrameStore | None) -> None:
        super().__init__(method, train, validation, step=method.config.window_step)
        rate = self.config.learning_rate
        self.optimisers = {"network": torch.optim.Adam(method.network.parameters(), lr=rate)}

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        loss = self.loss_to_validate(self.training_windows(batch))
        self.update("network", loss)
        return {"loss": loss}

    def loss_to_validate(self, windows_BTHW: Tensor) -> Tensor:
        return F.mse_loss(self.method.reconstruct(windows_BTHW), windows_BTHW)

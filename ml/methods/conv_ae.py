"""Conv-AE: a convolutional autoencoder over short windows (Hasan et al., CVPR 2016).

What the paper leaves open and what is done about it is in docs/methods.md.
B windows in a batch, L (elsewhere T) frames in a window, which are the channels, H W height and
width.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic import Field
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ml.data.samples.frames import FrameStore
from ml.device import to_device
from ml.methods._base import option, register
from ml.methods._one_class import OneClassMethod, PatchSize, ScoringState, WindowLearner
from ml.methods._options import BatchSize, ComputePrecision, Epochs, LearningRate
from ml.supervision import Supervision
from ml.training.learner import Learner, Moment
from ml.training.plan import Indices


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class ConvAEConfig:
    window: Annotated[
        int, option("Data", "Window", "Frames that are reconstructed together", ge=2, le=64)
    ] = 10
    input_size: Annotated[
        int, option("Data", "Input size", "Frames are resized to this square", ge=16, le=512)
    ] = 227
    strides: Annotated[
        tuple[Annotated[int, Field(ge=1, le=64)], ...],
        option("Data", "Temporal strides", "Windows of every n-th frame to learn from, for each n",
               min_length=1),
    ] = (1, 2, 3)  # fmt: skip
    channels: Annotated[
        tuple[Annotated[int, Field(ge=1, le=4096)], ...],
        option("Model", "Channels", "Of the three convolutions of the encoder",
               min_length=3, max_length=3),
    ] = (512, 256, 128)  # fmt: skip
    unpooling: Annotated[
        Literal["switches", "nearest"],
        option("Model", "Unpooling", "Back to where the maximum was, or to all four places"),
    ] = "switches"
    epochs: Epochs = 50
    batch_size: BatchSize = 32
    optimiser: Annotated[
        Literal["adagrad", "adam"], option("Training", "Optimiser", "Adagrad is the paper's")
    ] = "adagrad"
    learning_rate: LearningRate = 0.01
    precision: ComputePrecision = "float32"
    pixel_error: Annotated[
        Literal["absolute", "squared"],
        option("Scoring", "Pixel error", "How far a pixel is from its reconstruction"),
    ] = "absolute"
    patch_size: PatchSize = 0


OPTIMISERS: dict[str, Any] = {"adagrad": torch.optim.Adagrad, "adam": torch.optim.Adam}


@register
class ConvAE(OneClassMethod):
    title = "Conv-AE"
    summary = (
        "Learns to reconstruct windows of normal frames; what it reconstructs badly is abnormal"
    )
    paper = "Hasan et al., Learning Temporal Regularity in Video Sequences, CVPR 2016"
    supervision = Supervision.ONE_CLASS
    rule = (
        "A frame's score is its mean reconstruction error over all windows that contain it; "
        "the frames of a video shorter than a window have no score"
    )
    scores_all_frames = True
    map_rule = (
        "the absolute or squared difference (pixel_error) of its brightness, which lies in 0…1, "
        "and its reconstruction, mean over all windows that contain the frame"
    )
    Config = ConvAEConfig
    tiny = ConvAEConfig(
        window=4, input_size=32, strides=(1,), channels=(16, 16, 8), epochs=12, batch_size=8,
        optimiser="adam", learning_rate=0.003,
    )  # fmt: skip

    def __init__(self, config: ConvAEConfig, device: torch.device) -> None:
        super().__init__(config, device)
        network = Autoencoder(config)
        self.network = network.to(device)
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"network": self.network}

    def _learner(self, train: FrameStore, validation: FrameStore | None) -> Learner[Indices]:
        return _Learner(self, train, validation)

    def pixels(self, frames: NDArray[np.uint8]) -> Tensor:
        """Bytes to [0, 1] less the mean frame of the training videos, on the device."""
        pixels = to_device(torch.from_numpy(frames), self.device).float()
        centred = pixels / 255 - self.network.mean_frame
        return centred.contiguous(memory_format=torch.channels_last)

    def reconstruct(self, inputs_BLHW: Tensor) -> Tensor:
        """The network's output for windows of `pixels`, float32."""
        with self.computing():
            outputs_BLHW = self.network(inputs_BLHW)
        return outputs_BLHW.float()

    def errors(self, windows: NDArray[np.uint8], state: ScoringState) -> Tensor:
        inputs_BLHW = self.pixels(windows)
        errors_BLHW = (self.reconstruct(inputs_BLHW) - inputs_BLHW).abs()
        return errors_BLHW.square() if self.config.pixel_error == "squared" else errors_BLHW


class Autoencoder(nn.Module):
    """Three convolutions with two poolings, and their mirror. Output and input have one size."""

    mean_frame: Tensor  # (H, W) of the training frames, in [0, 1]

    def __init__(self, config: ConvAEConfig) -> None:
        super().__init__()
        wide, middle, narrow = config.channels
        self.unpooling = config.unpooling
        # The padding makes every layer's size known from the input's, whatever that is.
        self.encode1 = nn.Conv2d(config.window, wide, 11, stride=4, padding=5)
        self.encode2 = nn.Conv2d(wide, middle, 5, padding=2)
        self.encode3 = nn.Conv2d(middle, narrow, 3, padding=1)
        self.decode3 = nn.ConvTranspose2d(narrow, middle, 3, padding=1)
        self.decode2 = nn.ConvTranspose2d(middle, wide, 5, padding=2)
        self.decode1 = nn.ConvTranspose2d(wide, config.window, 11, stride=4, padding=5)
        self.register_buffer("mean_frame", torch.zeros(config.input_size, config.input_size))
        for layer in (self.encode1, self.encode2, self.encode3,
                      self.decode3, self.decode2, self.decode1):  # fmt: skip
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)  # type: ignore[arg-type]

    def forward(self, inputs_BLHW: Tensor) -> Tensor:
        first = torch.tanh(self.encode1(inputs_BLHW))
        pooled, switches1 = F.max_pool2d(first, 2, return_indices=True)
        second = torch.tanh(self.encode2(pooled))
        pooled, switches2 = F.max_pool2d(second, 2, return_indices=True)
        code = torch.tanh(self.encode3(pooled))
        x = self._unpool(torch.tanh(self.decode3(code)), switches2, second)
        x = self._unpool(torch.tanh(self.decode2(x)), switches1, first)
        return self.decode1(x, output_size=inputs_BLHW.shape[-2:])

    def _unpool(self, x: Tensor, switches: Tensor, like: Tensor) -> Tensor:
        if self.unpooling == "nearest":
            return F.interpolate(x, size=like.shape[-2:])
        return F.max_unpool2d(x, switches, [2, 2], output_size=like.shape[-2:])


class _Learner(WindowLearner):
    """Squared error on windows of all strides."""

    method: ConvAE

    def __init__(self, method: ConvAE, train: FrameStore, validation: FrameStore | None) -> None:
        super().__init__(method, train, validation, strides=method.config.strides)
        optimiser = OPTIMISERS[self.config.optimiser]
        rate = self.config.learning_rate
        self.optimisers = {"network": optimiser(method.network.parameters(), lr=rate)}
        method.network.mean_frame.copy_(torch.from_numpy(mean_frame(train.frames)))

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        loss = self.loss_to_validate(self.training_windows(batch))
        self.update("network", loss)
        return {"loss": loss}

    def loss_to_validate(self, windows_BTHW: Tensor) -> Tensor:
        return F.mse_loss(self.method.reconstruct(windows_BTHW), windows_BTHW)


def mean_frame(frames: NDArray[np.uint8], *, chunk: int = 256) -> NDArray[np.float32]:
    """(H, W) in [0, 1]: the mean over (n, H, W) frames, summed exactly, in little memory."""
    total = np.zeros(frames.shape[1:], np.int64)
    for first in range(0, len(frames), chunk):
        total += frames[first : first + chunk].sum(axis=0, dtype=np.int64)
    return (total / (255 * len(frames))).astype(np.float32)

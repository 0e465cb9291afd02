"""Future frame prediction with a U-Net (Liu et al., CVPR 2018), without the optical flow loss.

What is changed is in docs/methods.md.
B windows, T frames in a window, H W height and width; a sample is T frames and the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ml.data.samples.frames import FrameStore
from ml.losses.adversarial import gradient_difference
from ml.methods._base import option, register
from ml.methods._one_class import OneClassMethod, PatchSize, ScoringState, WindowLearner
from ml.methods._options import BatchSize, ComputePrecision, Epochs, LearningRate
from ml.models.prediction_unet import PatchDiscriminator, PredictionUNet
from ml.supervision import Supervision
from ml.training.learner import Learner, Moment
from ml.training.plan import Indices

DISCRIMINATOR_RATE = 0.1  # of the generator's learning rate
PEAK = 2.0  # pixels lie in [-1, 1]
SMALLEST = 1e-10  # a squared error below it is none: the logarithm stays finite


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class FramePredictionConfig:
    window: Annotated[
        int, option("Data", "Window", "Frames from which the next is predicted", ge=1, le=32)
    ] = 4
    input_size: Annotated[
        int,
        option("Data", "Input size", "Frames are resized to this square, a multiple of 8",
               ge=32, le=512, multiple_of=8),
    ] = 256  # fmt: skip
    window_step: Annotated[
        int,
        option("Data", "Window step", "A training window begins every so many frames", ge=1, le=64),
    ] = 1
    width: Annotated[
        int, option("Model", "Width", "Channels of the first level of four", ge=4, le=256)
    ] = 64
    epochs: Epochs = 30
    batch_size: BatchSize = 4
    learning_rate: LearningRate = 1e-4
    gradient_weight: Annotated[
        float,
        option("Training", "Gradient weight", "Of the difference of neighbouring pixels",
               ge=0, le=1e3),
    ] = 1.0  # fmt: skip
    adversarial_weight: Annotated[
        float, option("Training", "Adversarial weight", "0: no discriminator", ge=0, le=1e3)
    ] = 0.05
    precision: ComputePrecision = "float32"
    patch_size: PatchSize = 0


@register
class FramePrediction(OneClassMethod):
    title = "Frame prediction"
    summary = "Predicts the next frame of normal video with a U-Net; a low PSNR is abnormal"
    paper = "Liu et al., Future Frame Prediction for Anomaly Detection, CVPR 2018"
    supervision = Supervision.ONE_CLASS
    rule = (
        "A frame's score is the negative PSNR of its prediction, in decibels; the first frames of "
        "a video, as many as a window has, are not predicted and have no score"
    )
    map_rule = "the squared difference of its brightness, which lies in −1…1, and its prediction"
    Config = FramePredictionConfig
    tiny = FramePredictionConfig(
        window=3, input_size=32, width=8, epochs=6, batch_size=8, learning_rate=2e-3
    )

    def __init__(self, config: FramePredictionConfig, device: torch.device) -> None:
        super().__init__(config, device)
        self.network = PredictionUNet(config.window, width=config.width).to(device)
        self.discriminator = PatchDiscriminator(width=config.width).to(device)

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {"network": self.network, "discriminator": self.discriminator}

    @property
    def frames_per_sample(self) -> int:
        return int(self.config.window) + 1

    def _learner(self, train: FrameStore, validation: FrameStore | None) -> Learner[Indices]:
        return _Learner(self, train, validation)

    def predict(self, samples_BTHW: Tensor) -> Tensor:
        """(B, 1, H, W): the last frame of each sample, from those before it."""
        with self.computing():
            predicted = self.network(samples_BTHW[:, :-1])
        return predicted.float()

    def errors(self, windows: NDArray[np.uint8], state: ScoringState) -> Tensor:
        samples_BTHW = self.pixels(windows)
        return (self.predict(samples_BTHW) - samples_BTHW[:, -1:]).square()

    def frame_scores(self, errors_BKHW: Tensor) -> Tensor:
        """Negative PSNR in decibels: a frame or patch that is hard to predict has a high one."""
        error = super().frame_scores(errors_BKHW)
        return 10 * torch.log10(error.clamp_min(SMALLEST) / PEAK**2)


class _Learner(WindowLearner):
    """Squared error, gradient difference, and a least-squares adversary of patches."""

    method: FramePrediction

    def __init__(
        self, method: FramePrediction, train: FrameStore, validation: FrameStore | None
    ) -> None:
        super().__init__(method, train, validation, step=method.config.window_step)
        rate = self.config.learning_rate
        self.optimisers = {
            "network": torch.optim.Adam(method.network.parameters(), lr=rate),
            "discriminator": torch.optim.Adam(
                method.discriminator.parameters(), lr=rate * DISCRIMINATOR_RATE
            ),
        }

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        windows = self.training_windows(batch)
        predicted, truth = self.method.predict(windows), windows[:, -1:]
        logged = {"intensity": F.mse_loss(predicted, truth)}
        loss = logged["intensity"]
        if self.config.gradient_weight:
            logged["gradient"] = gradient_difference(predicted, truth)
            loss = loss + self.config.gradient_weight * logged["gradient"]
        if self.config.adversarial_weight:
            logged["discriminator"] = self._discriminate(predicted.detach(), truth)
            logged["adversarial"] = self._fooling(predicted)
            loss = loss + self.config.adversarial_weight * logged["adversarial"]
        self.update("network", loss)
        return logged | {"loss": loss}

    def loss_to_validate(self, windows_BTHW: Tensor) -> Tensor:
        return F.mse_loss(self.method.predict(windows_BTHW), windows_BTHW[:, -1:])

    def _discriminate(self, predicted: Tensor, truth: Tensor) -> Tensor:
        loss = (self._judge(truth) - 1).square().mean() + self._judge(predicted).square().mean()
        loss = loss / 2
        self.update("discriminator", loss)
        return loss

    def _fooling(self, predicted: Tensor) -> Tensor:
        """Its gradient reaches the discriminator too, which the next step sets to none."""
        return (self._judge(predicted) - 1).square().mean() / 2

    def _judge(self, frames: Tensor) -> Tensor:
        with self.method.computing():
            judged: Tensor = self.method.discriminator(frames)
        return judged.float()

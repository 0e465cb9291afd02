"""Frame-reconstructing ST-GAN with matching terms.

What the paper leaves open and what is done about it is in docs/methods.md.
B windows, T frames in a window, H W height and width.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ml.data.samples.frames import FrameStore
from ml.losses import adversarial
from ml.methods._base import ReadySweep, Variant, option, register
from ml.methods._one_class import ScoringState
from ml.methods._st_gan import (
    AS_PROPOSED,
    WITHOUT_EACH,
    Made,
    STGan,
    STGanConfig,
    STGanLearner,
)
from ml.models.window_discriminator import Verdict, WindowDiscriminator
from ml.supervision import Supervision
from ml.training.learner import Moment


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class STGanReconstructionConfig(STGanConfig):
    feature_weight: Annotated[
        float,
        option("Training", "Feature matching", "Weight of the discriminator's features; 0: none",
               ge=0, le=1e3),
    ] = 1.0  # fmt: skip
    latent_weight: Annotated[
        float,
        option("Training", "Latent matching", "Weight of the code of the reconstruction; 0: none",
               ge=0, le=1e3),
    ] = 1.0  # fmt: skip


@register
class STGanReconstruction(STGan):
    title = "ST-GAN, reconstructing"
    summary = "Reconstructs windows of normal video, whose codes must survive being encoded again"
    paper = "Frame-reconstructing spatio-temporal GAN with matching terms (in Japanese)"
    supervision = Supervision.ONE_CLASS
    rule = (
        "A frame's score is the mean reconstruction error of the frame as the last of its window; "
        "the first frames of a video, one fewer than a window has, have no score"
    )
    map_rule = (
        "the absolute difference of its brightness, which lies in −1…1, and its reconstruction, in "
        "the window that ends with the frame"
    )
    Config = STGanReconstructionConfig
    tiny = STGanReconstructionConfig(
        window=3, input_size=32, width=8, code_channels=8, epochs=8, batch_size=8,
        learning_rate=1e-3, reconstruction_weight=50.0,
    )  # fmt: skip
    sweeps = (
        ReadySweep(
            name="stabilisers",
            title="Each stabiliser and matching term switched off in turn",
            reproduces="The paper brings them in together and prints no table of them",
            variants=(
                AS_PROPOSED,
                *WITHOUT_EACH,
                Variant(title="without feature matching", config={"feature_weight": 0.0}),
                Variant(title="without latent matching", config={"latent_weight": 0.0}),
                Variant(
                    title="with none of them",
                    config={
                        "ttur": False,
                        "attention": False,
                        "spectral_norm": False,
                        "feature_weight": 0.0,
                        "latent_weight": 0.0,
                    },
                ),
            ),
        ),
    )

    def _discriminator(self) -> nn.Module:
        return WindowDiscriminator(
            self.config.window,
            width=self.config.width,
            attention=self.config.attention,
            spectral=self.config.spectral_norm,
        )

    def _learner(self, train: FrameStore, validation: FrameStore | None) -> STGanLearner:
        return _Learner(self, train, validation)

    def errors(self, windows: NDArray[np.uint8], state: ScoringState) -> Tensor:
        """Of the windows' last frames."""
        with self.computing():
            code = self.slow_states(windows, state)[-1]
            last_B1HW = self.slow.decoder(code)
        return (self.pixels(windows[:, -1:]) - last_B1HW.float()).abs()


class _Learner(STGanLearner):
    """L1 distance of all frames, adversarial loss, features and codes that must agree."""

    method: STGanReconstruction

    def make(self, windows: Tensor) -> Made:
        """Each frame from the memory after it."""
        codes = self.method.generator.codes(windows)
        frames = self.method.generator.decoder(torch.cat(codes))
        return Made(torch.cat(frames.chunk(len(codes)), dim=1), codes)

    def discriminate(
        self, windows: Tensor, fake: Tensor, moment: Moment
    ) -> tuple[Tensor, dict[str, Tensor]]:
        of_real: Verdict = self.method.discriminator(windows)
        of_fake: Verdict = self.method.discriminator(fake)
        loss = adversarial.real(of_real.image) + adversarial.fake(of_fake.image)
        accuracy = adversarial.accuracy(of_real.image, of_fake.image)
        return loss, {"discriminator": loss, "accuracy": accuracy}

    def generate(self, windows: Tensor, made: Made) -> tuple[Tensor, dict[str, Tensor]]:
        rebuilt, codes = made
        reconstruction = F.l1_loss(rebuilt, windows)
        loss = self.config.reconstruction_weight * reconstruction
        logged = {"reconstruction": reconstruction}
        if self.config.latent_weight:
            again = self.method.generator.codes(rebuilt)
            logged["latent"] = F.l1_loss(torch.stack(again), torch.stack(codes))
            loss = loss + self.config.latent_weight * logged["latent"]
        if self.config.adversarial_weight:
            judged, more = self._judged(windows, rebuilt)
            loss, logged = loss + judged, logged | more
        return loss, logged | {"loss": loss}

    def _judged(self, windows: Tensor, rebuilt: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """What the discriminator says, and how its features differ."""
        of_fake: Verdict = self.method.discriminator(rebuilt)
        fooling = adversarial.real(of_fake.image)
        loss = self.config.adversarial_weight * fooling
        if not self.config.feature_weight:
            return loss, {"adversarial": fooling}
        of_real: Verdict = self.method.discriminator(windows)
        features = adversarial.feature_matching(of_real.features, of_fake.features)
        return loss + self.config.feature_weight * features, {
            "adversarial": fooling,
            "features": features,
        }

    def loss_to_validate(self, windows_BTHW: Tensor) -> Tensor:
        with self.method.computing():
            code = self.method.slow.codes(windows_BTHW)[-1]
            last = self.method.slow.decoder(code)
        return F.l1_loss(last.float(), windows_BTHW[:, -1:])

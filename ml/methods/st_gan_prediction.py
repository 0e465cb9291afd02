"""Frame-predicting ST-GAN with a U-Net discriminator.

What the paper leaves open and what is done about it is in docs/methods.md.
B windows, T frames in a window, H W height and width; a sample is T frames and the next one.
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
from ml.losses import adversarial, cutmix
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
from ml.models.unet_discriminator import Judgement, UNetDiscriminator
from ml.supervision import Supervision
from ml.training.learner import Moment


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class STGanPredictionConfig(STGanConfig):
    consistency_weight: Annotated[
        float,
        option("Training", "CutMix consistency", "Weight of the per-pixel consistency; 0: none",
               ge=0, le=1e3),
    ] = 1.0  # fmt: skip
    cutmix_augmentation: Annotated[
        bool,
        option("Training", "CutMix augmentation", "Mixed frames train the discriminator, too"),
    ] = False
    warm_up: Annotated[
        float,
        option("Training", "CutMix warm-up", "Epochs over which CutMix comes in", ge=0, le=1e4),
    ] = 5.0
    map: Annotated[
        bool,
        option(
            "Scoring",
            "Map",
            "Weigh errors by the discriminator, where it has learnt; off is the paper's “only STN”",
        ),
    ] = True


@register
class STGanPrediction(STGan):
    title = "ST-GAN, predicting"
    summary = (
        "Predicts the next frame of normal video against a discriminator that judges every pixel"
    )
    paper = "Frame-predicting spatio-temporal GAN with a U-Net discriminator (in Japanese)"
    supervision = Supervision.ONE_CLASS
    rule = (
        "A frame's score is the mean of its weighted prediction errors; the first frames of a "
        "video, as many as a window has, are not predicted and have no score"
    )
    map_rule = (
        "the absolute difference of its brightness, which lies in −1…1, and its prediction, with "
        "`map` on times the discriminator's doubt and how far its features are off"
    )
    Config = STGanPredictionConfig
    tiny = STGanPredictionConfig(
        window=3, input_size=32, width=8, code_channels=16, epochs=10, batch_size=8,
        learning_rate=1e-3, reconstruction_weight=50.0, warm_up=2.0,
    )  # fmt: skip
    sweeps = (
        ReadySweep(
            name="map",
            title="Map on and off",
            reproduces="Table 1, Avenue: “Ours” beside “Ours only STN”",
            grid={"map": (True, False)},
        ),
        ReadySweep(
            name="stabilisers",
            title="Each stabiliser switched off in turn",
            reproduces="The paper brings the stabilisers in together and prints no table of them",
            variants=(
                AS_PROPOSED,
                *WITHOUT_EACH,
                Variant(title="without CutMix consistency", config={"consistency_weight": 0.0}),
                Variant(title="with CutMix augmentation", config={"cutmix_augmentation": True}),
                Variant(
                    title="with none of them",
                    config={
                        "ttur": False,
                        "attention": False,
                        "spectral_norm": False,
                        "consistency_weight": 0.0,
                    },
                ),
            ),
        ),
    )
    discriminator: UNetDiscriminator

    @property
    def frames_per_sample(self) -> int:
        return int(self.config.window) + 1

    def _discriminator(self) -> nn.Module:
        return UNetDiscriminator(
            1,
            width=self.config.width,
            attention=self.config.attention,
            spectral=self.config.spectral_norm,
        )

    def prepare_to_score(self) -> None:
        super().prepare_to_score()
        self.discriminator.fold()

    def _learner(self, train: FrameStore, validation: FrameStore | None) -> STGanLearner:
        return _Learner(self, train, validation)

    def errors(self, windows: NDArray[np.uint8], state: ScoringState) -> Tensor:
        """Of the frame that was predicted, weighted by the map."""
        truth_B1HW = self.pixels(windows[:, -1:])
        with self.computing():
            code = self.slow_states(windows[:, :-1], state)[-1]
            predicted_B1HW = self.slow.decoder(code).float()
            error = (truth_B1HW - predicted_B1HW).abs()
            if self.config.map and self.config.adversarial_weight:
                error = error * self._map(truth_B1HW, predicted_B1HW)
        return error.float()

    def _map(self, truth_B1HW: Tensor, predicted_B1HW: Tensor) -> Tensor:
        """(B, 1, H, W): how unreal the true frame looks, times how far its features are off."""
        judged: Judgement = self.discriminator(truth_B1HW)
        second = self.discriminator.second_features(predicted_B1HW)
        distance = (judged.second.float() - second.float()).abs().mean(dim=1, keepdim=True)
        size = truth_B1HW.shape[-2:]
        upsampled = F.interpolate(distance, size=size, mode="bilinear", align_corners=False)
        return torch.sigmoid(-judged.pixels.float()) * upsampled


class _Learner(STGanLearner):
    """Adversarial loss on image and pixels, L1 distance, CutMix."""

    method: STGanPrediction

    def make(self, windows: Tensor) -> Made:
        """The frame after all but the last of each window."""
        codes = self.method.generator.codes(windows[:, :-1])
        return Made(self.method.generator.decoder(codes[-1]), codes)

    def discriminate(
        self, windows: Tensor, fake: Tensor, moment: Moment
    ) -> tuple[Tensor, dict[str, Tensor]]:
        truth = windows[:, -1:]
        of_real: Judgement = self.method.discriminator(truth)
        of_fake: Judgement = self.method.discriminator(fake)
        real = (adversarial.real(of_real.image) + adversarial.real(of_real.pixels)) / 2
        made = (adversarial.fake(of_fake.image) + adversarial.fake(of_fake.pixels)) / 2
        mixed, logged = self._cutmix(truth, fake, of_real, of_fake, moment)
        logged |= {
            "discriminator": real + made,
            "accuracy": adversarial.accuracy(of_real.image, of_fake.image),
            "pixel_accuracy": adversarial.accuracy(of_real.pixels, of_fake.pixels),
        }
        return real + made + mixed, logged

    def _cutmix(
        self,
        truth: Tensor,
        predicted: Tensor,
        of_real: Judgement,
        of_fake: Judgement,
        moment: Moment,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Consistency, whose weight ramps up, and augmentation, whose probability does."""
        ramp = cutmix.ramp(moment.epoch, self.config.warm_up)
        weight = ramp * self.config.consistency_weight
        augments = self.config.cutmix_augmentation and float(torch.rand(())) < ramp / 2
        if not weight and not augments:
            return truth.new_zeros(()), {}
        mask = cutmix.masks(len(truth), truth.shape[-2], truth.shape[-1], truth.device)
        of_mix: Judgement = self.method.discriminator(cutmix.mix(truth, predicted, mask))
        consistency = cutmix.consistency(of_mix.pixels, of_real.pixels, of_fake.pixels, mask)
        loss = weight * consistency
        if augments:
            pixels = adversarial.masked(of_mix.pixels, mask)
            loss = loss + (adversarial.fake(of_mix.image) + pixels) / 2
        return loss, {"consistency": consistency}

    def generate(self, windows: Tensor, made: Made) -> tuple[Tensor, dict[str, Tensor]]:
        truth, predicted = windows[:, -1:], made.frames
        reconstruction = F.l1_loss(predicted, truth)
        loss = self.config.reconstruction_weight * reconstruction
        logged = {"reconstruction": reconstruction}
        if self.config.adversarial_weight:
            judged: Judgement = self.method.discriminator(predicted)
            fooling = (adversarial.real(judged.image) + adversarial.real(judged.pixels)) / 2
            loss = loss + self.config.adversarial_weight * fooling
            logged["adversarial"] = fooling
        return loss, logged | {"loss": loss}

    def loss_to_validate(self, windows_BTHW: Tensor) -> Tensor:
        with self.method.computing():
            code = self.method.slow.codes(windows_BTHW[:, :-1])[-1]
            predicted = self.method.slow.decoder(code)
        return F.l1_loss(predicted.float(), windows_BTHW[:, -1:])

"""What the two ST-GANs share: their common settings, their data, and one step of two opponents.

B windows, T frames in a window, H W height and width. Frames are grey, pixels in [-1, 1].
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ml.data.samples.frames import FrameStore
from ml.failures import Diverged
from ml.methods._base import Variant, option
from ml.methods._one_class import OneClassMethod, PatchSize, ScoringState, WindowLearner
from ml.methods._options import ComputePrecision, Epochs, LearningRate
from ml.models.st_network import SCALE, STNetwork
from ml.training.ema import follow, slow_copy
from ml.training.learner import Moment
from ml.training.loop import STEPS_BETWEEN_CHECKS
from ml.training.plan import Indices

TTUR = 4.0  # how much faster the discriminator learns (Zhang et al., SAGAN: 4e-4 and 1e-4)
BETAS = (0.0, 0.999)
SIZE_STEP = 2 * SCALE  # the discriminator halves the size four times
PATIENCE = 500  # steps in a row in which the discriminator may be right about every image
AS_PROPOSED = Variant(title="as proposed")
WITHOUT_EACH = (
    Variant(title="without two learning rates", config={"ttur": False}),
    Variant(title="without self-attention", config={"attention": False}),
    Variant(title="without spectral normalisation", config={"spectral_norm": False}),
)


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class STGanConfig:
    window: Annotated[
        int, option("Data", "Window", "Frames that the memory looks back on", ge=2, le=64)
    ] = 8
    input_size: Annotated[
        int,
        option("Data", "Input size", "Frames are resized to this square, a multiple of 16",
               ge=32, le=512, multiple_of=SIZE_STEP),
    ] = 128  # fmt: skip
    window_step: Annotated[
        int,
        option("Data", "Window step", "A training window begins every so many frames", ge=1, le=64),
    ] = 1
    width: Annotated[
        int,
        option("Model", "Width", "Channels of the first convolution, a multiple of 8",
               ge=8, le=256, multiple_of=8),
    ] = 32  # fmt: skip
    code_channels: Annotated[
        int,
        option("Model", "Code channels", "Of the memory, at an eighth of the size",
               ge=8, le=1024, multiple_of=8),
    ] = 64  # fmt: skip
    attention: Annotated[
        bool, option("Model", "Self-attention", "In generator and discriminator")
    ] = True
    spectral_norm: Annotated[
        bool, option("Model", "Spectral normalisation", "Of the discriminator's weights")
    ] = True
    ttur: Annotated[
        bool, option("Training", "Two learning rates", "The discriminator learns four times faster")
    ] = True
    epochs: Epochs = 30
    batch_size: Annotated[
        int, option("Training", "Batch size", "Windows per update", ge=2, le=1024)
    ] = 16
    learning_rate: LearningRate = 2e-4
    reconstruction_weight: Annotated[
        float,
        option("Training", "Reconstruction weight", "Of the L1 distance, beside the adversary",
               ge=0, le=1e4),
    ] = 10.0  # fmt: skip
    adversarial_weight: Annotated[
        float,
        option("Training", "Adversarial weight", "0 trains without a discriminator's say",
               ge=0, le=1e4),
    ] = 1.0  # fmt: skip
    clip_norm: Annotated[
        float,
        option("Training", "Gradient clipping", "Longest gradient of each network; 0: any",
               ge=0, le=1e6),
    ] = 10.0  # fmt: skip
    ema_decay: Annotated[
        float,
        option("Training", "Averaging", "Of the generator's weights, which score; 0: the last ones",
               ge=0, lt=1),
    ] = 0.995  # fmt: skip
    precision: ComputePrecision = "float32"
    patch_size: PatchSize = 0


class Made(NamedTuple):
    """Of a batch of windows: the generated frames (B, any, H, W), and the memory's codes."""

    frames: Tensor
    codes: list[Tensor]


class STGan(OneClassMethod):
    """Generator, its slow copy that scores, and a discriminator."""

    generator: STNetwork
    slow: STNetwork
    discriminator: nn.Module

    def __init__(self, config: Any, device: torch.device) -> None:
        super().__init__(config, device)
        self.generator = self._generator().to(device)
        self.discriminator = self._discriminator().to(device)
        self.slow = slow_copy(self.generator)  # type: ignore[assignment]

    @property
    def modules(self) -> dict[str, nn.Module]:
        return {
            "generator": self.generator,
            "slow": self.slow,
            "discriminator": self.discriminator,
        }

    @abstractmethod
    def _discriminator(self) -> nn.Module: ...

    def _generator(self) -> STNetwork:
        return STNetwork(
            width=self.config.width,
            code_channels=self.config.code_channels,
            attention=self.config.attention,
        )

    def slow_states(self, windows: NDArray[np.uint8], state: ScoringState) -> list[Tensor]:
        """The memory after each frame of consecutive windows (B, T, H, W).

        A frame is encoded once: what it brings to the windows of the next call is kept.
        """
        length = windows.shape[1]
        if "gates" not in state:
            state["gates"] = self.slow.encode(self.pixels(windows[0, :-1, None]))
        gates = torch.cat([state["gates"], self.slow.encode(self.pixels(windows[:, -1:]))])
        state["gates"] = gates[-(length - 1) :].clone()
        gates_BT = gates.unfold(0, length, 1).permute(0, 4, 1, 2, 3)
        return self.slow.remember(gates_BT)


class STGanLearner(WindowLearner):
    """Discriminator and generator in turn, on windows of frames that are decoded once."""

    drops_last = True
    method: STGan

    def __init__(self, method: STGan, train: FrameStore, validation: FrameStore | None) -> None:
        super().__init__(method, train, validation, step=method.config.window_step)
        rate = self.config.learning_rate
        self.optimisers = {
            "generator": _adam(method.generator, rate),
            "discriminator": _adam(method.discriminator, rate * (TTUR if self.config.ttur else 1)),
        }
        # Counted where the networks are, and read now and then: no step waits for the device.
        self.n_always_right = torch.tensor(0, device=method.device)

    @abstractmethod
    def make(self, windows: Tensor) -> Made:
        """What the generator makes of the windows, once for both opponents."""

    @abstractmethod
    def discriminate(
        self, windows: Tensor, fake: Tensor, moment: Moment
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The discriminator's loss, and what to log; "accuracy" among it."""

    @abstractmethod
    def generate(self, windows: Tensor, made: Made) -> tuple[Tensor, dict[str, Tensor]]:
        """The generator's loss, and what to log."""

    def step(self, batch: Indices, moment: Moment) -> Mapping[str, Tensor]:
        windows = self.training_windows(batch)
        logged: dict[str, Tensor] = {}
        with self.method.computing():
            made = self.make(windows)
        if self.config.adversarial_weight:
            with self.method.computing():
                loss, logged = self.discriminate(windows, made.frames.detach(), moment)
            self.update("discriminator", loss, clip_norm=self.config.clip_norm)
            self._watch(logged["accuracy"], moment.step)
        self.method.discriminator.requires_grad_(False)
        with self.method.computing():
            loss, more = self.generate(windows, made)
        self.update("generator", loss, clip_norm=self.config.clip_norm)
        self.method.discriminator.requires_grad_(True)
        decay = self.config.ema_decay
        follow(self.method.slow, self.method.generator, decay=decay, step=moment.step)
        return logged | more

    def _watch(self, accuracy: Tensor, step: int) -> None:
        """Raise Diverged when the generator has not fooled the discriminator for long."""
        self.n_always_right = torch.where(accuracy == 1, self.n_always_right + 1, 0)
        if step % STEPS_BETWEEN_CHECKS == 0 and int(self.n_always_right) > PATIENCE:
            raise Diverged(
                f"The training collapsed: for {PATIENCE} steps the discriminator told every "
                "generated frame apart, so that it teaches nothing any more. A higher "
                "reconstruction weight, a lower learning rate, or one without two learning "
                "rates usually helps; the last checkpoint is kept"
            )

    def state(self) -> dict[str, Any]:
        return {"n_always_right": int(self.n_always_right)}

    def restore(self, state: dict[str, Any]) -> None:
        self.n_always_right.fill_(state["n_always_right"])


def _adam(module: nn.Module, rate: float) -> torch.optim.Adam:
    return torch.optim.Adam(module.parameters(), lr=rate, betas=BETAS)

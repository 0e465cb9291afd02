"""Learning rates over a training: pure functions of the step, so that a resume needs no state."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from torch.optim import Optimizer

Shape = Literal["constant", "step", "cosine", "polynomial"]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """By what the optimisers' own learning rates are multiplied in each step.

    For `warm_up_steps` steps it grows in a straight line, to 1 in the step after them. From
    there on:

    - constant: 1;
    - step: `gamma` times what it was, after every `step_size` steps, at most `n_falls` times, or,
      where there are `milestones`, after each so many steps;
    - cosine: half a wave from 1 down to 0 (Loshchilov and Hutter, SGDR, ICLR 2017, no restarts),
      of which the training passes the share `passed`;
    - polynomial: the share of the steps that are left, to the power `power`.
    """

    shape: Shape = "constant"
    warm_up_steps: int = 0
    step_size: int = 1000
    gamma: float = 0.1
    n_falls: int | None = None
    milestones: tuple[int, ...] = ()
    power: float = 1.0
    passed: float = 1.0

    def factor(self, step: int, n_steps: int) -> float:
        """In [0, 1], for step `step`, from 0 on, of a training of `n_steps`, warm-up included."""
        after = step - self.warm_up_steps
        if after < 0:
            return (step + 1) / (self.warm_up_steps + 1)
        if self.shape == "step":
            return float(self.gamma ** self._falls(after))
        share = after / (n_steps - self.warm_up_steps)
        if self.shape == "cosine":
            return (1 + math.cos(math.pi * self.passed * share)) / 2
        return float((1 - share) ** self.power) if self.shape == "polynomial" else 1.0

    def _falls(self, after: int) -> int:
        """How often it has fallen, so many steps after the warm-up."""
        if self.milestones:
            return sum(after >= each for each in self.milestones)
        falls = after // self.step_size
        return falls if self.n_falls is None else min(falls, self.n_falls)


class Rates:
    """The learning rates of optimisers, as these were built, under a schedule."""

    def __init__(self, optimisers: Iterable[Optimizer], schedule: Schedule, n_steps: int) -> None:
        self._optimisers = list(optimisers)
        self._rates = [group["lr"] for group in self._groups()]
        self._schedule = schedule
        self._n_steps = n_steps

    def set(self, step: int, fallen: float = 1.0) -> None:
        """For step `step`, from 0 on; `fallen` is the factor of a plateau."""
        factor = self._schedule.factor(step, self._n_steps) * fallen
        for group, rate in zip(self._groups(), self._rates, strict=True):
            group["lr"] = rate * factor

    def _groups(self) -> list[dict[str, Any]]:
        """Asked for anew each time: a resume replaces them."""
        return [group for optimiser in self._optimisers for group in optimiser.param_groups]

"""Learning rates that fall where a validation loss rests: the one schedule that looks back.

What it has seen goes into checkpoints, so that a resumed training ends with the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(kw_only=True)
class Plateau:
    """Rates are `gamma` times what they were each time the number `name` has not gone below its
    best for `patience` epochs, which are then counted anew.
    """

    patience: int
    gamma: float = 0.1
    name: str = "loss"
    factor: float = 1.0
    best: float | None = None
    n_resting: int = 0

    def see(self, validated: Mapping[str, float]) -> bool:
        """At the end of an epoch: whether the rates fall. One without the number is passed over."""
        value = validated.get(self.name)
        if value is None:
            return False
        if self.best is None or value < self.best:
            self.best, self.n_resting = value, 0
            return False
        self.n_resting += 1
        if self.n_resting < self.patience:
            return False
        self.fall()
        return True

    def fall(self) -> None:
        self.factor *= self.gamma
        self.n_resting = 0

    def state(self) -> dict[str, Any]:
        """As JSON."""
        return {"factor": self.factor, "best": self.best, "n_resting": self.n_resting}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take back what `state` gave."""
        self.factor, self.best = state["factor"], state["best"]
        self.n_resting = state["n_resting"]

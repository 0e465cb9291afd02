"""What a training aims at: which number chooses its best checkpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Goal:
    """The number `name` of a validation, which is made at the end of every epoch.

    With `every_steps` (1 or more) it is made after every so many steps of the training, too.
    Of equal ones that with the lower number `tie_breaker` is better, and of these the first: an
    AUROC of few videos is soon as high as it can be. Where a validation does not give the
    number, it chooses nothing.
    """

    name: str = "loss"
    higher_is_better: bool = False
    every_steps: int | None = None
    tie_breaker: str = ""

    def reached(self, validated: Mapping[str, float]) -> list[float] | None:
        """How good these numbers are: of two, compared in order, the lower is better."""
        value = validated.get(self.name)
        if value is None:
            return None
        key = [-value if self.higher_is_better else value]
        return [*key, validated[self.tie_breaker]] if self.tie_breaker else key

    def is_due(self, step: int) -> bool:
        """After `step` steps, within an epoch."""
        return self.every_steps is not None and step % self.every_steps == 0

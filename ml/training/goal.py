"""What a training aims at: which number chooses its best checkpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Goal:
    """The number `name` of a validation, which is made at the end of every epoch.

    With `every_steps` (1 or more) it is made after every so many steps of the training, too.
    Where a validation does not give the number, it chooses nothing.
    """

    name: str = "loss"
    higher_is_better: bool = False
    every_steps: int | None = None

    def is_better(self, value: float, best: float | None) -> bool:
        """Than the best so far, None where there was none. Of equal ones the first is best."""
        if best is None:
            return True
        return value > best if self.higher_is_better else value < best

    def is_due(self, step: int) -> bool:
        """After `step` steps, within an epoch."""
        return self.every_steps is not None and step % self.every_steps == 0

"""RAdam (Liu et al., On the Variance of the Adaptive Learning Rate and Beyond, ICLR 2020)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer


class RAdam(torch.optim.RAdam):
    """As its authors first published it: no step while the variance cannot be rectified.

    With betas (0.9, 0.999) these are the first five. torch's own makes a step of plain momentum
    there, as long as the gradients are large, which no later step is; the moments are the same.
    """

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        rates = [group["lr"] for group in self.param_groups]
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate if is_rectified(self._step_of(group), group["betas"][1]) else 0.0
        try:
            return super().step(closure)
        finally:
            for group, rate in zip(self.param_groups, rates, strict=True):
                group["lr"] = rate

    def _step_of(self, group: dict[str, Any]) -> int:
        """The one that comes, from 1 on."""
        return 1 + int(
            max((self.state[each].get("step", 0) for each in group["params"]), default=0)
        )


def is_rectified(step: int, beta2: float) -> bool:
    """Whether the approximated simple moving average is longer than 5 (their equation 4)."""
    longest = 2 / (1 - beta2) - 1
    decayed = beta2**step
    return longest - 2 * step * decayed / (1 - decayed) > 5


def radam(parameters: Any, *, lr: float, is_torch: bool) -> Optimizer:
    """The authors' reading, or torch's."""
    return torch.optim.RAdam(parameters, lr=lr) if is_torch else RAdam(parameters, lr=lr)

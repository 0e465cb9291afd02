"""What a method brings that learns by gradient: modules, optimisers, and one step of learning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim import Optimizer


@dataclass(frozen=True)
class Moment:
    """Where a training is: `step` from 0 on, `epoch` with its fraction, as 2.5."""

    step: int
    epoch: float


class Learner(ABC):
    """What the loop needs of a method: one or more optimisers, and how to make one step.

    `n_samples` are whatever the method draws batches from: windows, clips, bags.
    """

    modules: Mapping[str, nn.Module]
    optimisers: Mapping[str, Optimizer]
    n_samples: int

    drops_last: bool = False  # leave out the last samples of an epoch, too few for a batch

    @abstractmethod
    def step(self, samples: NDArray[np.int64], moment: Moment) -> Mapping[str, Tensor]:
        """Update once from these samples. Return the losses, each a mean over them.

        A loss that is not reported in every step is averaged over the steps that report it.
        """

    def state(self) -> dict[str, Any]:
        """What else must be as it was after a resume, as JSON."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:  # noqa: B027 most have no state
        """Take back what `state` gave."""

    def validate(self) -> Mapping[str, float]:
        """Losses on the validation videos, none without any; "loss" chooses the best epoch."""
        return {}

"""What a method brings that learns by gradient: modules, optimisers, and one step of learning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor, nn
from torch.optim import Optimizer

from ml.training.goal import Goal
from ml.training.plan import Batch, Plan
from ml.training.plateau import Plateau
from ml.training.ranks import ALONE, Ranks
from ml.training.schedule import Schedule

BatchT = TypeVar("BatchT", bound=Batch)


@dataclass(frozen=True)
class Moment:
    """Where a training is: `step` from 0 on, `epoch` with its fraction, as 2.5."""

    step: int
    epoch: float


class Learner(ABC, Generic[BatchT]):
    """What the loop needs of a method: one or more optimisers, and how to make one step.

    `modules` are what a checkpoint holds, `plan` says which samples make up each step, `goal`
    which checkpoint is the best, `schedule` how the optimisers' learning rates change from those
    that they were built with; with a `plateau` they fall where a validation rests, too.
    `fingerprint` is a hash of the data: where it differs, a training cannot be resumed. `ranks`
    are the processes that learn together.
    """

    modules: Mapping[str, nn.Module]
    optimisers: Mapping[str, Optimizer]
    plan: Plan[BatchT]
    goal: Goal = Goal()
    schedule: Schedule = Schedule()
    plateau: Plateau | None = None
    fingerprint: str
    ranks: Ranks = ALONE

    @abstractmethod
    def step(self, batch: BatchT, moment: Moment) -> Mapping[str, Tensor]:
        """Update once from these samples. Return the losses, each a mean over them.

        A loss that is not reported in every step is averaged over the steps that report it.
        """

    def update(self, name: str, loss: Tensor, *, clip_norm: float = 0.0) -> None:
        """Move what the optimiser `name` holds, by the gradient of `loss` alone.

        `loss` is a mean over the samples of this rank. A gradient longer than `clip_norm` is
        shortened to it; 0: any length.
        """
        optimiser = self.optimisers[name]
        optimiser.zero_grad(set_to_none=True)
        (loss if self.ranks.is_alone else loss * self.ranks.share).backward()
        held = [weights for group in optimiser.param_groups for weights in group["params"]]
        self.ranks.add_up_gradients(held)
        if clip_norm:
            nn.utils.clip_grad_norm_(held, clip_norm)
        optimiser.step()

    def set_training(self) -> None:
        """Put what learns into training mode, before the first step and after each validation.

        Frozen parts, of whose weights none requires a gradient, are put into evaluation mode
        whole: in training mode their batch norms would go on gathering statistics and their
        dropouts would drop.
        """
        for module in self.modules.values():
            module.train()
            for part in module.modules():
                if _is_frozen(part):
                    part.eval()

    def state(self) -> dict[str, Any]:
        """What else must be as it was after a resume, as JSON."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""

    def validate(self) -> Mapping[str, float]:
        """Numbers on the validation videos, none without any; one of them is the goal's."""
        return {}


def _is_frozen(module: nn.Module) -> bool:
    weights = list(module.parameters())
    return bool(weights) and not any(each.requires_grad for each in weights)

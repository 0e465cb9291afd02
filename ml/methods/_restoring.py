"""What a checkpoint holds, given back to a method, or given to one that begins with it."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from ml.methods._base import Method
from ml.training.checkpoints import Checkpoint, restore_modules


@runtime_checkable
class BeginsInOwnWay(Protocol):
    """A method that makes more of weights to begin with than taking them all.

    They are its own, learnt as the same network, or of a method that it `begins_with`.
    """

    def begin_with(self, checkpoint: Checkpoint) -> None:
        """Raise BadInput where they do not fit."""


def restore(method: Method, checkpoint: Checkpoint) -> None:
    """Raise BadInput unless every tensor of the method is there, in its shape, and no other."""
    method.take_shape(checkpoint.tensors)
    restore_modules(checkpoint, method.modules)

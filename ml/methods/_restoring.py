"""What a checkpoint holds, given back to a method."""

from __future__ import annotations

from ml.methods._base import Method
from ml.training.checkpoints import Checkpoint, restore_modules


def restore(method: Method, checkpoint: Checkpoint) -> None:
    """Raise BadInput unless every tensor of the method is there, in its shape, and no other."""
    method.take_shape(checkpoint.tensors)
    restore_modules(checkpoint, method.modules)

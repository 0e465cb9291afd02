"""Whole networks filled with the weights of a file: every tensor, in its shape, and no other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ml.findings import counted, shortened
from ml.records import BadInput
from ml.weights.files import read_weights

COUNTERS = ".num_batches_tracked"  # nothing is computed with them, and older files lack them
Tensors = Mapping[str, Tensor]


def load_into(
    network: nn.Module,
    path: Path,
    *,
    unread: tuple[str, ...] = (),
    renamed: Callable[[str], str] = str,
) -> None:
    """Give `network` the weights of a file. Raise BadInput, saying which tensors do not fit.

    Tensors whose names begin with one of `unread` may be there or not: those of a classifier.
    `renamed` makes our name of the file's.
    """
    given = {renamed(name): tensor for name, tensor in read_weights(path).items()}
    used = {
        name: tensor
        for name, tensor in given.items()
        if not name.startswith(unread) and not name.endswith(COUNTERS)
    }
    check(used, network.state_dict(), path.name)
    network.load_state_dict(used, strict=False)


def check(weights: Tensors, wanted: Tensors, name: str) -> None:
    """Raise BadInput unless the file `name` has what is wanted, and all of it finite."""
    expected = {key: each for key, each in wanted.items() if not key.endswith(COUNTERS)}
    common = expected.keys() & weights.keys()
    faults = {
        "lacks": expected.keys() - weights.keys(),
        "has the unknown": weights.keys() - expected.keys(),
        "misshapes": {key for key in common if expected[key].shape != weights[key].shape},
    }
    parts = [
        f"{verb} {counted(len(keys), 'tensor')} ({shortened(sorted(keys))})"
        for verb, keys in faults.items()
        if keys
    ]
    if parts:
        raise BadInput(f"{name} is of another network: it {' and '.join(parts)}")
    if strange := [key for key in sorted(common) if not torch.isfinite(weights[key]).all()]:
        raise BadInput(f"{name} holds numbers that are not finite, in {shortened(strange)}")

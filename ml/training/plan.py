"""The order in which a training sees its samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def shuffled(n_samples: int, *, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of the samples in this epoch."""
    return np.random.default_rng((seed, epoch)).permutation(n_samples)

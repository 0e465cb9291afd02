"""Random numbers that follow from where a training is: nothing of them has to be stored."""

from __future__ import annotations

import random

import numpy as np
import torch


def seed_everything(*entropy: int) -> None:
    """Start the generators of Python, NumPy and torch from a seed, or from a seed and a step."""
    seed = int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)

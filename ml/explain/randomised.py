"""Whether maps hang on what a network has learnt: held against those of random weights.

After Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018: maps that stay as they are when
all weights are drawn anew show edges, or where a network of this shape looks in any case. Their
likeness is Spearman's rank correlation over the cells of a map, which is one of the measures there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ml.explain.laying import Map

N_CHECKED = 4  # clips
N_DRAWS = 4  # of random weights: one may look to the same side by chance
Ask = Callable[[nn.Module], Sequence[Map]]


def likeness_to_random(ask: Ask, network: nn.Module, found: Sequence[Map]) -> float | None:
    """In −1…1, 1 for equal maps: the mean over `found` and over several draws of weights.

    `ask` gives the maps of the same inputs by another network. None where all maps are flat, which
    has no order.
    """
    values = [
        value
        for seed in range(N_DRAWS)
        for one, other in zip(found, ask(randomised(network, seed)), strict=True)
        if (value := rank_correlation(one, other)) is not None
    ]
    return float(np.mean(values)) if values else None


def randomised(network: nn.Module, seed: int) -> nn.Module:
    """A copy, all of whose layers are as new."""
    copied = deepcopy(network)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        for module in copied.modules():
            if callable(reset := getattr(module, "reset_parameters", None)):
                reset()
    return copied


def rank_correlation(one: Map, other: Map) -> float | None:
    """Spearman's, equal values sharing their mean rank; None where one has no two values."""
    ranks = [_ranks(each) for each in (one, other)]
    if any(each.min() == each.max() for each in ranks):
        return None
    return float(np.asarray(np.corrcoef(ranks))[0, 1])


def _ranks(values: Map) -> NDArray[np.float64]:
    _values, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    means: NDArray[np.float64] = np.cumsum(counts) - (counts + 1) / 2
    return means[places.reshape(-1)]

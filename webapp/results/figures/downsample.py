"""Fewer points for the same picture: every peak and every trough stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.intp]
PICKS: tuple[Callable[..., Any], ...] = (np.argmin, np.argmax)
IN_CACHE = 80_000  # so many values can be looked at twice while the processor still holds them


def min_max(values: NDArray[Any], max_points: int) -> Indices:
    """Indices of at most `max_points` (≥ 5) of `values` (N,), rising, with both ends.

    The values are cut into buckets of equal size, of which each keeps its lowest and its
    highest. NaN is a gap: each bucket with some keeps one, so that a line breaks there.
    """
    if len(values) <= max_points:
        return np.arange(len(values))
    size = _bucket_size(len(values), (max_points - 2) // 2)
    kept = _extremes(values, size)
    if np.isnan(values[kept[0]]).any():  # argmin takes NaN for the lowest
        kept = _around_gaps(values, _bucket_size(len(values), (max_points - 2) // 3))
    return np.unique(np.concatenate([[0], *kept, [len(values) - 1]]))


def _bucket_size(n_values: int, n_buckets: int) -> int:
    return -(-n_values // n_buckets)


def _extremes(values: NDArray[Any], size: int) -> list[Indices]:
    """Indices of the lowest and of the highest value of each bucket."""
    step = max(1, IN_CACHE // size) * size
    parts = [
        [start + _per_bucket(values[start : start + step], size, pick) for pick in PICKS]
        for start in range(0, len(values), step)
    ]
    return [np.concatenate(picked) for picked in zip(*parts, strict=True)]


def _around_gaps(values: NDArray[Any], size: int) -> list[Indices]:
    is_gap = np.isnan(values)
    first_gaps = _per_bucket(is_gap, size, np.argmax)
    return [
        first_gaps[is_gap[first_gaps]],
        _per_bucket(np.where(is_gap, np.inf, values), size, np.argmin),
        _per_bucket(np.where(is_gap, -np.inf, values), size, np.argmax),
    ]


def _per_bucket(values: NDArray[Any], size: int, pick: Callable[..., Any]) -> Indices:
    """The index that `pick` (argmin or argmax) chooses in each bucket; the last may be short."""
    n_whole = len(values) // size * size
    starts = np.arange(0, n_whole, size)
    picked = starts + pick(values[:n_whole].reshape(-1, size), axis=1)
    rest = values[n_whole:]
    return np.append(picked, n_whole + pick(rest)) if len(rest) else picked

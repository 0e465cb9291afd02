"""Smoothing of frame scores within a video."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Smoothing = Literal["none", "mean", "gaussian"]
MAX_SMOOTHING_FRAMES = 1_000
REACH = 4.0  # standard deviations after which a Gaussian is cut off


def smooth(
    values: NDArray[np.floating[Any]], smoothing: Smoothing, frames: float
) -> NDArray[np.float64]:
    """(n,) scores, each the weighted mean of its neighbours.

    `frames` is the width of the `mean`, or the standard deviation of the `gaussian`. Near the
    ends and beside frames without a score (NaN, which stay) the window is cut off, and what is
    left of it weighs more.
    """
    scores = values.astype(np.float64)
    is_scored = ~np.isnan(scores)
    if smoothing == "none" or not is_scored.any():
        return scores
    kernel = _kernel(smoothing, frames)
    start = len(kernel) // 2
    window = slice(start, start + len(scores))
    summed = np.convolve(np.where(is_scored, scores, 0.0), kernel, mode="full")[window]
    weight = np.convolve(is_scored.astype(np.float64), kernel, mode="full")[window]
    return np.divide(summed, weight, out=np.full(len(scores), np.nan), where=is_scored)


def _kernel(smoothing: Smoothing, frames: float) -> NDArray[np.float64]:
    if smoothing == "mean":
        return np.ones(max(1, round(frames)))
    reach = int(np.ceil(REACH * frames))
    offsets = np.arange(-reach, reach + 1)
    return np.exp(-0.5 * (offsets / frames) ** 2)

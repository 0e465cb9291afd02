"""Pixels of more than 8 bits: the range that a set of videos uses, and its scale to bytes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

N_VALUES = 65536
RARE = 0.001  # share of pixels at either end that may be faults of a sensor
FEW_LEVELS = 64
Values = NDArray[np.uint16]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Scale:
    """`low` and what is below becomes 0, `high` and what is above 255, evenly in between."""

    low: int
    high: int

    def __call__(self, values: Values) -> Bytes:
        return np.asarray(self._table[values], np.uint8)

    @cached_property
    def _table(self) -> Bytes:
        steps = (np.arange(N_VALUES) - self.low) * 255.0 / max(1, self.high - self.low)
        return np.clip(np.rint(steps), 0, 255).astype(np.uint8)

    def levels(self, found: Range) -> int:
        """How many of the 256 steps what is usual in a video spans."""
        low, high = self(np.array([found.usual_low, found.usual_high], np.uint16)).tolist()
        return int(high) - int(low) + 1


@dataclass(frozen=True, kw_only=True)
class Range:
    """Lowest and highest value of a video's pixels, 0 to 65535, and those without the rare ones."""

    low: int
    high: int
    usual_low: int
    usual_high: int
    is_colour: bool = False

    @property
    def n_levels(self) -> int:
        """Of the 256 that the highest 8 bits make, those that what is usual spans."""
        return (self.usual_high >> 8) - (self.usual_low >> 8) + 1


class Histogram:
    """Counts values as pictures come."""

    def __init__(self) -> None:
        self._counts = np.zeros(N_VALUES, np.int64)

    def add(self, values: Values) -> None:
        self._counts += np.bincount(values.reshape(-1), minlength=N_VALUES)

    @property
    def n_values(self) -> int:
        return int(self._counts.sum())

    def range(self, *, is_colour: bool = False) -> Range:
        """Of at least one picture."""
        up_to = np.cumsum(self._counts)
        found = np.flatnonzero(self._counts)
        usual = np.searchsorted(up_to, [RARE * up_to[-1], (1 - RARE) * up_to[-1]])
        return Range(
            low=int(found[0]),
            high=int(found[-1]),
            usual_low=int(max(usual[0], found[0])),
            usual_high=int(min(usual[1], found[-1])),
            is_colour=is_colour,
        )


def common_scale(ranges: Iterable[Range]) -> Scale:
    """Of all values that a set of videos has; of the usual ones where a few rare ones would
    squeeze these into a quarter of the levels."""
    known = list(ranges)
    low, high = min(each.low for each in known), max(each.high for each in known)
    usual_low = min(each.usual_low for each in known)
    usual_high = max(each.usual_high for each in known)
    if usual_low < usual_high and 4 * (usual_high - usual_low) < high - low:
        low, high = usual_low, usual_high
    return Scale(min(low, N_VALUES - 2), max(high, low + 1))

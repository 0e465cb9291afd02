"""Samples of sound in blocks that follow each other: put in their places, and counted off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]  # (N,) mono, in -1…1
SLACK = 0.05  # seconds by which time stamps may be off before they count as a gap
LONGEST = 2**16  # samples of a block of silence


def placed(
    sounds: Iterable[tuple[float | None, Samples]], rate: int, start: float
) -> Iterator[Samples]:
    """From `start` seconds on without a gap: silence between sounds, and no moment twice.

    Each sound has the second at which it begins; None: where the one before it ends. So does one
    that is off by no more than rounding, for a click would come of it.
    """
    given, following = 0, 0
    is_first = True
    for seconds, samples in sounds:
        place = following if seconds is None else round((seconds - start) * rate)
        if not is_first and abs(place - following) <= SLACK * rate:
            place = following
        is_first, following = False, place + len(samples)
        yield from silence(place - given)
        given = max(given, place)
        if following > given:
            yield samples[given - place :]
            given = following


def exactly(blocks: Iterable[Samples], n_samples: int) -> Iterator[Samples]:
    """So many of them, with silence where they end before."""
    left = n_samples
    for block in blocks:
        if left <= 0:
            return
        yield block[:left]
        left -= len(block)
    yield from silence(left)


def silence(n_samples: int) -> Iterator[Samples]:
    """Nothing for a negative number."""
    for first in range(0, n_samples, LONGEST):
        yield np.zeros(min(LONGEST, n_samples - first), np.float32)

"""A video as segments of consecutive frames, none of which is in two of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]
# What becomes of the last frames of a video, too few for a segment of their own: they are left
# out, or the last of them is repeated.
Remainder = Literal["drop", "repeat"]


def segments(
    frames: Iterable[Frames], length: int, *, remainder: Remainder = "drop"
) -> Iterator[Frames]:
    """(L, H, W[, 3]) after (L, H, W[, 3]), in constant memory.

    A video shorter than a segment always has its last frame repeated: it is never without one.
    """
    held: list[Frames] = []
    n_segments = 0
    for frame in frames:
        held.append(frame)
        if len(held) == length:
            yield np.stack(held)
            held, n_segments = [], n_segments + 1
    if held and (remainder == "repeat" or not n_segments):
        yield np.stack(held + held[-1:] * (length - len(held)))


def n_rows(n_frames: int, length: int, *, remainder: Remainder = "drop") -> int:
    """How many segments so many frames have."""
    whole = n_frames // length
    return max(1, whole) if remainder == "drop" else -(-n_frames // length)

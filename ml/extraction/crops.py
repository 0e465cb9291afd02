"""Squares cut out of pictures, as views: no picture is copied for them."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Crops = Literal["centre", "five", "ten"]
N_CROPS = {"centre": 1, "five": 5, "ten": 10}
Pictures = NDArray[Any]


def crops_of(pictures: Pictures, size: int, kind: Crops) -> list[Pictures]:
    """Of pictures (L, H, W, …) no smaller than `size`, (L, size, size, …) each.

    In torchvision's order: upper left, upper right, lower left, lower right, centre; of ten, the
    same of the mirrored picture after them.
    """
    if kind == "centre":
        return [_at_centre(pictures, size)]
    five = _five(pictures, size)
    return five if kind == "five" else five + _five(pictures[:, :, ::-1], size)


def _five(pictures: Pictures, size: int) -> list[Pictures]:
    corners = [
        pictures[:, rows, columns]
        for rows in (slice(size), slice(-size, None))
        for columns in (slice(size), slice(-size, None))
    ]
    return [*corners, _at_centre(pictures, size)]


def _at_centre(pictures: Pictures, size: int) -> Pictures:
    """Where nothing lies exactly in the middle, as torchvision rounds: halves to even."""
    top, left = (round((side - size) / 2) for side in pictures.shape[1:3])
    return np.asarray(pictures[:, top : top + size, left : left + size])

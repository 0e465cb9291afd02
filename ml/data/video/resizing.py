"""Pictures brought to the size that a network for clips was trained with, as its authors did.

They resize with libraries that smooth what they shrink. Here neighbouring pixels are averaged in
pairs, as long as that leaves enough of them, and the rest is interpolated linearly: as close to
Pillow's bilinear resize as Pillow's own filters are to each other, in a fraction of its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Size = tuple[int, int]  # height and width


class Resizing(Protocol):
    """To which size a picture is brought."""

    def size_of(self, picture: Size) -> Size: ...


@dataclass(frozen=True)
class Shorter:
    """The shorter side becomes `side`, the longer one follows, rounded down."""

    side: int

    def size_of(self, picture: Size) -> Size:
        height, width = picture
        shorter = min(picture)
        return self.side * height // shorter, self.side * width // shorter

    def __str__(self) -> str:
        return f"shorter side to {self.side}"


@dataclass(frozen=True)
class Squeezed:
    """To this size, whatever the shape was."""

    height: int
    width: int

    def size_of(self, picture: Size) -> Size:
        return self.height, self.width

    def __str__(self) -> str:
        return f"squeezed to {self.width} × {self.height}"


def resized(picture: Picture, resizing: Resizing) -> Picture:
    """(H, W[, 3]) to another size."""
    height, width = resizing.size_of((picture.shape[0], picture.shape[1]))
    while (smaller := _halved(picture, height, width)) is not None:
        picture = smaller
    if picture.shape[:2] == (height, width):
        return picture
    return _scaled(picture, height, width, cv2.INTER_LINEAR)


def _halved(picture: Picture, height: int, width: int) -> Picture | None:
    """In each direction in which that leaves enough; None where it is in neither."""
    rows, columns = 1 + (picture.shape[0] >= 2 * height), 1 + (picture.shape[1] >= 2 * width)
    if rows == columns == 1:
        return None
    return _scaled(picture, picture.shape[0] // rows, picture.shape[1] // columns, cv2.INTER_AREA)


def _scaled(picture: Picture, height: int, width: int, how: int) -> Picture:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=how), np.uint8)

"""Maps of what was cut out of pictures, laid back over these.

S steps of a map, h w its cells, H W the picture's height and width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.data.video.resizing import Size
from ml.extraction.crops import Place

Map = NDArray[np.float32]


def over_picture(maps: Sequence[Map], places: Sequence[Place], picture: Size, cells: Size) -> Map:
    """(S, h', w') over the whole picture, of maps (S, h, w) that lie at these places of it.

    One that lies over all of it stays as it is. Of others each pixel of the picture takes the sum
    of the cells that it lies in, and each of the `cells` (h', w') the mean of its pixels.
    """
    [first, *others] = places
    if not others and (first.height, first.width, first.is_mirrored) == (*picture, False):
        return maps[0]
    return in_cells(maps, places, picture, cells)


def in_cells(maps: Sequence[Map], places: Sequence[Place], picture: Size, cells: Size) -> Map:
    """(S, h', w'): `laid_back`, each of the `cells` the mean of its pixels."""
    laid = laid_back(maps, places, picture)
    return laid if cells == picture else np.stack([_reduced(each, cells) for each in laid])


def laid_back(maps: Sequence[Map], places: Sequence[Place], picture: Size) -> Map:
    """(S, H, W): the sum over all maps of each pixel's cell. What none of them shows is 0."""
    laid = np.zeros((len(maps[0]), *picture), np.float32)
    for each, place in zip(maps, places, strict=True):
        rows = slice(place.top, place.top + place.height)
        columns = slice(place.left, place.left + place.width)
        laid[:, rows, columns] += _spread(each[..., ::-1] if place.is_mirrored else each, place)
    return laid


def cells_of(picture: Size, n_maps: int, most: int) -> Size:
    """The picture's own pixels, or evenly fewer where all maps together have more than `most`."""
    height, width = picture
    shrunk = max(1.0, math.sqrt(n_maps * height * width / most))
    return max(1, int(height / shrunk)), max(1, int(width / shrunk))


def _spread(cells: Map, place: Place) -> Map:
    """(S, height, width) of (S, h, w): the cell of each pixel's middle."""
    height, width = cells.shape[1:]
    rows = _cells_of_pixels(place.height, height)
    columns = _cells_of_pixels(place.width, width)
    return cells[:, rows[:, None], columns]


def _cells_of_pixels(n_pixels: int, n_cells: int) -> NDArray[np.int64]:
    return (2 * np.arange(n_pixels) + 1) * n_cells // (2 * n_pixels)


def _reduced(pixels: Map, cells: Size) -> Map:
    height, width = cells
    return np.asarray(cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA), np.float32)

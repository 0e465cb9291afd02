"""Squares cut out of pictures, as views: no picture is copied for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor

Crops = Literal["centre", "five", "ten"]
N_CROPS = {"centre": 1, "five": 5, "ten": 10}
# As `ml.data.features.provenance` names orders.
ORDERS: dict[Crops, str] = {"centre": "centre", "five": "torchvision", "ten": "torchvision"}
Pictures = TypeVar("Pictures", NDArray[Any], "Tensor")


def crops_of(
    pictures: Pictures, size: int, kind: Crops, *, mirrored: Pictures | None = None
) -> list[Pictures]:
    """Of pictures (L, H, W, …) no smaller than `size`, (L, size, size, …) each.

    In torchvision's order: upper left, upper right, lower left, lower right, centre; of ten, the
    same of the mirrored picture after them. torch cannot make a mirrored view: hand it over.
    """
    if kind == "centre":
        return [_at_centre(pictures, size)]
    five = _five(pictures, size)
    if kind == "five":
        return five
    return five + _five(pictures[:, :, ::-1] if mirrored is None else mirrored, size)


def _five(pictures: Pictures, size: int) -> list[Pictures]:
    first, last = slice(size), slice(-size, None)
    places = ((first, first), (first, last), (last, first), (last, last))
    corners: list[Pictures] = [pictures[:, rows, columns] for rows, columns in places]
    corners.append(_at_centre(pictures, size))
    return corners


def _at_centre(pictures: Pictures, size: int) -> Pictures:
    """Where nothing lies exactly in the middle, as torchvision rounds: halves to even."""
    top, left = (round((side - size) / 2) for side in pictures.shape[1:3])
    return pictures[:, top : top + size, left : left + size]

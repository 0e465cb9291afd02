"""Squares cut out of pictures, as views: no picture is copied for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from numpy.typing import NDArray

from ml.data.video.resizing import Size

if TYPE_CHECKING:
    from torch import Tensor

Crops = Literal["centre", "five", "ten"]
N_CROPS = {"centre": 1, "five": 5, "ten": 10}
# As `ml.data.features.provenance` names orders.
ORDERS: dict[Crops, str] = {"centre": "centre", "five": "torchvision", "ten": "torchvision"}
Pictures = TypeVar("Pictures", NDArray[Any], "Tensor")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A rectangle of a picture, in its pixels; `is_mirrored`: as a mirror shows it."""

    top: int
    left: int
    height: int
    width: int
    is_mirrored: bool = False


def places_of(picture: Size, size: int, kind: Crops) -> list[Place]:
    """Squares of a picture (H, W) no smaller than `size`, in the order of `crops_of`.

    In torchvision's order: upper left, upper right, lower left, lower right, centre; of ten, the
    same of the mirrored picture after them.
    """
    if kind == "centre":
        return [_at_centre(picture, size)]
    five = [*_corners(picture, size), _at_centre(picture, size)]
    return five + [_in_mirror(each, picture) for each in five] if kind == "ten" else five


def crops_of(
    pictures: Pictures, size: int, kind: Crops, *, mirrored: Pictures | None = None
) -> list[Pictures]:
    """Of pictures (L, H, W, …) no smaller than `size`, (L, size, size, …) each.

    torch cannot make a mirrored view: hand it over.
    """
    height, width = pictures.shape[1:3]
    mirror = mirrored
    if mirror is None and kind == "ten":
        mirror = pictures[:, :, ::-1]
    return [
        _cut(pictures, each)
        if not each.is_mirrored
        else _cut(mirror, _in_mirror(each, (height, width)))
        for each in places_of((height, width), size, kind)
    ]


def _cut(pictures: Any, place: Place) -> Any:
    rows = slice(place.top, place.top + place.height)
    return pictures[:, rows, place.left : place.left + place.width]


def _corners(picture: Size, size: int) -> list[Place]:
    height, width = picture
    return [
        Place(top=top, left=left, height=size, width=size)
        for top in (0, height - size)
        for left in (0, width - size)
    ]


def _at_centre(picture: Size, size: int) -> Place:
    """Where nothing lies exactly in the middle, as torchvision rounds: halves to even."""
    top, left = (round((side - size) / 2) for side in picture)
    return Place(top=top, left=left, height=size, width=size)


def _in_mirror(place: Place, picture: Size) -> Place:
    """Where the picture has what its mirror image has at `place`, and the other way round."""
    _height, width = picture
    left = width - place.left - place.width
    return replace(place, left=left, is_mirrored=not place.is_mirrored)

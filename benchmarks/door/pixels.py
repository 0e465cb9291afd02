"""Pictures and videos of other depths, kinds and shapes: what jobs see in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._doors import Surveyed, dataset, greys
from tests.recorders import deep_video, recording

N = 12
SIZE = (24, 16)
SHADES = [20 * at for at in range(N)]  # 0 to 220
Write = Callable[[Path, int], Any]  # a picture of this shade, 0 to 255


def _even(found: Surveyed) -> Any:
    """How many levels the frames have, and whether they rise."""
    [seen] = greys(found).values()
    return len(set(seen)), seen == sorted(seen)


def _near(found: Surveyed) -> Any:
    """The shades, where none is further off than a step that codecs make."""
    [seen] = greys(found).values()
    off = [abs(a - b) for a, b in zip(seen, SHADES, strict=False)]
    return SHADES if len(seen) == N and max(off) <= 3 else seen


def _folder(write: Write, ending: str) -> Callable[[Path], None]:
    def make(home: Path) -> None:
        (home / "x").mkdir()
        for at, shade in enumerate(SHADES):
            write(home / "x" / f"{at:03}{ending}", shade)

    return make


def _array(shade: float, kind_: Any = np.uint8, *shape: int) -> Any:
    return np.full((SIZE[1], SIZE[0], *shape), shade, kind_)


def _pillow(mode: str) -> Write:
    return lambda path, shade: Image.new("RGB", SIZE, (shade,) * 3).convert(mode).save(path)


def _opencv(array: Callable[[int], Any]) -> Write:
    def write(path: Path, shade: int) -> None:
        assert cv2.imwrite(str(path), array(shade))

    return write


def _alpha(opacity: int) -> Write:
    return lambda path, shade: Image.new("RGBA", SIZE, (shade, shade, shade, opacity)).save(path)


def _palette(path: Path, shade: int) -> None:
    picture = Image.new("P", SIZE, 1)
    picture.putpalette([9, 9, 9, shade, shade, shade])
    picture.save(path)


@kind("pixels of pictures")
def pictures() -> Iterator[Case]:
    for name, write, ending in (
        ("grey of 8 bits", _pillow("L"), ".png"),
        ("RGB", _pillow("RGB"), ".png"),
        ("JPEG", _pillow("RGB"), ".jpg"),
        ("grey JPEG", _pillow("L"), ".jpg"),
        ("JPEG of CMYK", _pillow("CMYK"), ".jpg"),
        ("a palette", _palette, ".png"),
        ("a palette, BMP", _palette, ".bmp"),
        ("alpha, opaque", _alpha(255), ".png"),
        ("grey and alpha, opaque", _pillow("LA"), ".png"),
        ("TIFF with LZW", lambda path, shade: Image.new("L", SIZE, shade).save(
            path, compression="tiff_lzw"), ".tif"),
        ("WebP, lossless", lambda path, shade: Image.new("RGB", SIZE, (shade,) * 3).save(
            path, lossless=True), ".webp"),
    ):  # fmt: skip
        yield Case(name=name, right=SHADES, bring=dataset(_folder(write, ending), _near))
    for name, array, ending in (
        ("16 bits, thermal", lambda shade: _array(51_000 + shade * 5, np.uint16), ".png"),
        ("12 bits in 16", lambda shade: _array(shade * 16, np.uint16), ".png"),
        ("10 bits in 16", lambda shade: _array(shade * 4, np.uint16), ".tif"),
        ("14 bits in 16, TIFF", lambda shade: _array(shade * 64, np.uint16), ".tif"),
        ("16 bits, all of them", lambda shade: _array(shade * 257, np.uint16), ".png"),
        ("16 bits in colour", lambda shade: _array(shade * 257, np.uint16, 3), ".png"),
        ("values 0 to 11", lambda shade: _array(shade // 20, np.uint16), ".png"),
    ):
        bring = dataset(_folder(_opencv(array), ending), _even)
        yield Case(name=name, right=(N, True), bring=bring)
    for name, write, ending in (
        ("floats from 0 to 1", _opencv(lambda shade: _array(shade / 255, np.float32)), ".tif"),
        ("32 bits", lambda path, shade: Image.new("I", SIZE, shade * 999).save(path), ".tif"),
        ("alpha, half of it", _alpha(128), ".png"),
        ("several pages", _pages, ".tif"),
        ("an animation", _pages, ".png"),
    ):
        yield Case(name=name, right=NOBODY_KNOWS, bring=dataset(_folder(write, ending), _near))
    bring = dataset(_folder(_black_or_white, ".png"), _exactly)
    right = [255 * (shade > 99) for shade in SHADES]
    yield Case(name="black and white", right=right, bring=bring)
    yield Case(name="8 and 16 bits in one folder", right=NOBODY_KNOWS,
               bring=dataset(_folder(_mixed, ".png"), _even))  # fmt: skip


def _black_or_white(path: Path, shade: int) -> None:
    Image.new("1", SIZE, shade > 99).save(path)


def _exactly(found: Surveyed) -> Any:
    [seen] = greys(found).values()
    return seen


def _pages(path: Path, shade: int) -> None:
    first, *others = (Image.new("L", SIZE, each) for each in (shade, shade + 5, shade + 9))
    first.save(path, save_all=True, append_images=others)


def _mixed(path: Path, shade: int) -> None:
    array = _array(shade) if shade % 40 else _array(shade * 257, np.uint16)
    assert cv2.imwrite(str(path), array)


def _shape(found: Surveyed) -> Any:
    [video] = found.videos.values()
    return video["n_frames"], video["width"], video["height"]


@kind("pixels of videos")
def videos() -> Iterator[Case]:
    for name, values, pixels in (
        ("16 bits, thermal", [51_000 + 5 * shade for shade in SHADES], "gray16le"),
        ("12 bits in 16", [16 * shade for shade in SHADES], "gray16le"),
        ("12 bits", [16 * 16 * shade for shade in SHADES], "gray12le"),
        ("10 bits", [64 * 4 * shade for shade in SHADES], "gray10le"),
    ):
        yield Case(name=name, right=(N, True), bring=dataset(_deep(values, pixels), _even))
    for name, size, aspect, shown in (
        ("PAL, 16:11 pixels", (352, 288), Fraction(12, 11), (384, 288)),
        ("half as high, pixels twice as high", (352, 144), Fraction(6, 11), (352, 264)),
        ("anamorphic, 4:3 pixels", (144, 108), Fraction(4, 3), (192, 108)),
        ("square", (96, 64), Fraction(1), (96, 64)),
    ):
        make = _recorded(size=size, aspect=aspect)
        yield Case(name=name, right=(20, *shown), bring=dataset(make, _shape))


def _deep(values: list[int], pixels: str) -> Callable[[Path], object]:
    frames = [_array(value, np.uint16) for value in values]
    return lambda home: deep_video(home / "x.mkv", frames, pixels=pixels)


def _recorded(**facts: Any) -> Callable[[Path], object]:
    return lambda home: recording(home / "x.mp4", 20, **facts)

"""One picture, whoever reads it: right, or refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from ml.data.video.decode import decode
from ml.data.video.pictures import check_picture, read_picture, read_pixels
from ml.data.video.pixels import Histogram, Range, Scale, common_scale
from ml.records import BadInput, VideoRecord
from tests.ml.data.video.examined import examined
from tests.recorders import deep_video

COLOURS = np.random.default_rng(0).integers(0, 256, (32, 48, 3), np.uint8)
DEEP = np.random.default_rng(1).integers(51_241, 52_182, (32, 48)).astype(np.uint16)
DEEP[0, :2] = 51_241, 52_181
ORIENTATION = 0x0112


def picture(mode: str = "RGB") -> Image.Image:
    return Image.fromarray(COLOURS).convert(mode)


KINDS: dict[str, tuple[Image.Image, dict[str, Any]]] = {
    "rgb.png": (picture(), {}),
    "rgb.bmp": (picture(), {}),
    "rgb.tif": (picture(), {}),
    "rgb.webp": (picture(), {"lossless": True}),
    "rgb.jpg": (picture(), {"quality": 95}),
    "grey.png": (picture("L"), {}),
    "grey.jpg": (picture("L"), {}),
    "palette.png": (picture("P"), {}),
    "palette.bmp": (picture("P"), {}),
    "one-bit.png": (picture("1"), {}),
    "one-bit.tif": (picture("1"), {}),
    "one-bit.bmp": (picture("1"), {}),
    "cmyk.jpg": (picture("CMYK"), {"quality": 95}),
    "cmyk.tif": (picture("CMYK"), {}),
    "opaque.png": (picture("RGBA"), {}),
    "grey-opaque.png": (picture("LA"), {}),
}


@pytest.mark.parametrize("name", KINDS)
def test_read_picture_of_every_kind_that_people_have(tmp_path: Path, name: str) -> None:
    image, options = KINDS[name]
    image.save(tmp_path / name, **options)
    with Image.open(tmp_path / name) as stored:
        expected = np.asarray(stored.convert("RGB"), int)
        expected_grey = np.asarray(stored.convert("RGB").convert("L"), int)

    assert check_picture(tmp_path / name) == (48, 32)
    assert np.abs(read_picture(tmp_path / name).astype(int) - expected).max() <= 1
    grey = read_picture(tmp_path / name, grey=True).astype(int)
    assert np.abs(grey - expected_grey).mean() < 1.1  # they round in different ways


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("ending", ["jpg", "png", "tif", "webp"])
def test_read_picture_stands_upright(tmp_path: Path, orientation: int, ending: str) -> None:
    shade = np.add.outer(np.arange(32) * 4, np.arange(48) * 2).astype(np.uint8)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"lossless": True} if ending == "webp" else {}
    Image.fromarray(shade).convert("RGB").save(tmp_path / f"a.{ending}", exif=exif, **options)
    with Image.open(tmp_path / f"a.{ending}") as stored:
        expected = np.asarray(ImageOps.exif_transpose(stored).convert("RGB"), int)

    found = read_picture(tmp_path / f"a.{ending}")

    assert np.abs(found - expected).max() <= 1
    assert check_picture(tmp_path / f"a.{ending}") == found.shape[1::-1]


def _transparent(path: Path) -> None:
    image = picture("RGBA")
    image.putpixel((3, 4), (0, 0, 0, 128))
    image.save(path)


def _with_transparent_colour(path: Path) -> None:
    picture("P").save(path, transparency=picture("P").getpixel((0, 0)))


def _floats(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).random((32, 48), np.float32)).save(path)


def _doubles(path: Path) -> None:
    cv2.imwrite(str(path), np.ones((32, 48), np.float64))


def _long(path: Path) -> None:
    Image.fromarray(DEEP.astype(np.int32) * 1000).save(path)


def _signed(path: Path) -> None:
    cv2.imwrite(str(path), DEEP.astype(np.int16))


def _several(path: Path) -> None:
    picture().save(path, save_all=True, append_images=[picture("L").convert("RGB")] * 3)


@pytest.mark.parametrize(
    ("name", "make", "sentence"),
    [
        ("a.png", _transparent, "it is transparent in places: write it without an alpha channel"),
        ("a.png", _with_transparent_colour, "it is transparent in places"),
        ("a.tif", _floats, "its pixels are floats; write 8 or 16 bits without a sign"),
        ("a.tif", _doubles, "its kind of pixels is not read, or it is damaged"),
        ("a.tif", _long, "its pixels are numbers of 32 bits or with a sign"),
        ("a.tif", _signed, "its pixels are numbers of 32 bits or with a sign"),
        ("a.tif", _several, "it holds 4 pictures, of which one alone would be read"),
        ("a.png", _several, "it holds 4 pictures, of which one alone would be read"),
        ("a.tif", lambda path: picture("LAB").save(path), "its colours are LAB"),
    ],
)
def test_picture_that_would_be_read_wrongly_is_refused_at_the_import(
    tmp_path: Path, name: str, make: Callable[[Path], None], sentence: str
) -> None:
    (tmp_path / "clip").mkdir()
    make(tmp_path / "clip" / name)

    with pytest.raises(BadInput, match=f"frame {name}: {sentence}"):
        examined(tmp_path / "clip", tmp_path / "out")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.tif", "a.webp"])
@pytest.mark.parametrize("keep", [0.5, 0.98])
def test_picture_that_is_cut_off_is_refused_by_every_reader(
    tmp_path: Path, name: str, keep: float
) -> None:
    picture().save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: int(len(data) * keep)])

    with pytest.raises(BadInput, match="it cannot be read"):
        read_pixels(tmp_path / name)


def test_picture_of_another_format_under_its_ending_is_refused(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.gif")

    with pytest.raises(BadInput, match="it is no PNG, JPEG"):
        read_pixels((tmp_path / "a.gif").rename(tmp_path / "a.png"))


# --- Deep pixels


def test_scale_maps_black_and_white_and_cuts_off_the_rest() -> None:
    scale = Scale(100, 355)

    assert scale(np.array([0, 100, 101, 228, 355, 65_535], np.uint16)).tolist() == [
        0, 0, 1, 128, 255, 255,
    ]  # fmt: skip


def test_common_scale_spans_all_videos_but_not_their_rare_pixels() -> None:
    def of(low: int, high: int) -> Range:
        return Range(low=low, high=high, usual_low=low, usual_high=high)

    assert common_scale([of(1000, 2000), of(1500, 3000)]) == Scale(1000, 3000)
    assert common_scale([of(7, 7)]) == Scale(7, 8)
    dead = Range(low=0, high=65_535, usual_low=51_241, usual_high=52_181)
    assert common_scale([dead]) == Scale(51_241, 52_181)


def test_histogram_leaves_rare_pixels_out_of_what_is_usual() -> None:
    values = np.full((100, 100), 5000, np.uint16)
    values[:50] = 4000
    values[0, 0], values[0, 1] = 0, 65_535
    found = Histogram()
    found.add(values)

    assert found.range() == Range(low=0, high=65_535, usual_low=4000, usual_high=5000)


def write_deep(folder: Path, n_frames: int = 3, *, ending: str = "png") -> Path:
    folder.mkdir()
    for index in range(n_frames):
        Image.fromarray(DEEP + np.uint16(index)).save(folder / f"{index}.{ending}")
    return folder


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_deep_images_are_the_same_in_proxy_and_jobs(tmp_path: Path, ending: str) -> None:
    folder = write_deep(tmp_path / "clip", ending=ending)

    answer = examined(folder, tmp_path / "out")

    scale = (answer["pixel_low"], answer["pixel_high"])
    assert scale == (51_241, 52_183)
    record = VideoRecord(
        id="v", path=str(folder), kind="frames", n_frames=3, pixel_low=scale[0], pixel_high=scale[1]
    )
    for index, (grey, colour) in enumerate(
        zip(decode(record, grey=True), decode(record), strict=True)
    ):
        expected = np.rint((DEEP + index - 51_241.0) * 255 / 942)
        assert np.array_equal(grey, expected)
        assert np.array_equal(colour, np.dstack([grey] * 3))
    proxy = VideoRecord(id="p", path=str(tmp_path / "out" / "proxy.mp4"))
    assert len(np.unique(next(decode(proxy, grey=True)))) > 100


def test_deep_images_without_a_scale_are_refused_in_jobs(tmp_path: Path) -> None:
    record = VideoRecord(id="v", path=str(write_deep(tmp_path / "clip")), kind="frames")

    with pytest.raises(BadInput, match=r"clip/0\.png .*more than 8 bits.*import its dataset again"):
        next(decode(record))


@pytest.mark.parametrize(("first", "other"), [("8", "16"), ("16", "8")])
def test_images_of_8_and_16_bits_in_one_folder_are_refused(
    tmp_path: Path, first: str, other: str
) -> None:
    folder = write_deep(tmp_path / "clip")
    index = 0 if first == "8" else 2
    Image.fromarray((DEEP >> 8).astype(np.uint8)).save(folder / f"{index}.png")

    with pytest.raises(BadInput, match=rf"{other} bits a pixel, while 0\.png has {first}"):
        examined(folder, tmp_path / "out")


def test_deep_grey_video_is_the_same_in_proxy_and_jobs(tmp_path: Path) -> None:
    path = deep_video(tmp_path / "a.mkv", [DEEP, DEEP + 1])

    answer = examined(path, tmp_path / "out")

    low, high = answer["pixel_low"], answer["pixel_high"]
    assert (low, high, answer["n_frames"]) == (51_241, 52_182, 2)
    record = VideoRecord(id="v", path=str(path), n_frames=2, pixel_low=low, pixel_high=high)
    first, second = decode(record, grey=True)
    assert np.array_equal(first, Scale(low, high)(DEEP))
    assert np.array_equal(second, Scale(low, high)(DEEP + 1))
    with pytest.raises(BadInput, match="more than 8 bits"):
        next(decode(VideoRecord(id="v", path=str(path))))


def test_deep_colour_video_says_how_many_levels_are_left(tmp_path: Path) -> None:
    wide = np.linspace(0, 65_535, 32 * 48).reshape(32, 48).astype(np.uint16)
    few = examined(deep_video(tmp_path / "few.mkv", [DEEP], pixels="yuv420p16le"), tmp_path / "a")
    all_ = examined(deep_video(tmp_path / "all.mkv", [wide], pixels="yuv420p10le"), tmp_path / "b")

    assert few["warnings"] == [
        "its pixels have 16 bits, of which the highest 8 are used: 4 of 256 levels are left"
    ]
    assert all_["warnings"] == []
    assert all_["notes"] == ["its pixels have 10 bits, of which the highest 8 are used"]

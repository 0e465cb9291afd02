"""What streams see of pictures."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from ml.data.clips.modalities import MODALITIES, Modality
from ml.data.clips.modalities.flow import coloured
from ml.records import BadInput

SIZE = 64


def modality(name: str, **options: Any) -> Modality:
    kind = MODALITIES.find(name)
    return kind(kind.Options(**options))


def shifted(pixels: tuple[int, int], n: int = 3) -> NDArray[np.uint8]:
    """(n, 64, 64, 3): a texture that goes so many pixels to the right and down each time."""
    noise = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE), np.uint8)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2)
    texture = cv2.normalize(smooth, smooth.copy(), 0, 255, cv2.NORM_MINMAX)
    steps = [np.roll(texture, (k * pixels[1], k * pixels[0]), (0, 1)) for k in range(n)]
    return np.repeat(np.stack(steps)[..., None], 3, axis=3)


def hue_and_value(picture: NDArray[np.uint8]) -> tuple[float, float]:
    """In degrees and 0…255, the median of the middle."""
    hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[16:48, 16:48]
    return 2 * float(np.median(hsv[..., 0])), float(np.median(hsv[..., 2]))


def test_rgb_is_the_pictures_themselves() -> None:
    pictures = shifted((1, 0))

    assert modality("rgb").of(pictures) is pictures


def test_a_signed_difference_is_half_of_it_around_128() -> None:
    pictures = np.zeros((3, 2, 2, 3), np.uint8)
    pictures[1], pictures[2] = 255, 55

    found = modality("rgb_difference").of(pictures)

    assert found[:, 0, 0, 0].tolist() == [255, 255, 28]
    assert found.dtype == np.uint8


def test_an_absolute_difference_has_no_sign() -> None:
    pictures = np.zeros((3, 2, 2, 3), np.uint8)
    pictures[1], pictures[2] = 255, 55

    found = modality("rgb_difference", difference="absolute").of(pictures)

    assert found[:, 0, 0, 0].tolist() == [255, 255, 200]


@pytest.mark.parametrize("by", ["farneback", "dis"])
@pytest.mark.parametrize(("pixels", "hue"), [((3, 0), 0), ((0, 3), 90), ((-3, 0), 180)])
def test_flow_says_where_to_by_hue_and_how_far_by_value(
    by: str, pixels: tuple[int, int], hue: float
) -> None:
    found = modality("flow", flow_by=by, flow_bound=6).of(shifted(pixels))

    turned, value = hue_and_value(found[1])
    assert abs((turned - hue + 180) % 360 - 180) <= 12
    assert value == pytest.approx(127.5, abs=20)
    assert np.array_equal(found[0], found[1])
    assert found.shape == (3, SIZE, SIZE, 3)


def test_what_goes_further_than_the_bound_is_no_brighter() -> None:
    flow = np.zeros((2, 2, 2), np.float32)
    flow[0, 0] = 5, 0
    flow[0, 1] = 50, 0

    found = coloured(flow, 5.0)

    assert found[0].tolist() == [[255, 0, 0], [255, 0, 0]]
    assert found[1].tolist() == [[0, 0, 0], [0, 0, 0]]


def test_without_a_bound_the_longest_way_of_each_picture_is_brightest() -> None:
    flow = np.zeros((2, 2, 2), np.float32)
    flow[0, 0] = 0.5, 0

    assert coloured(flow, 0.0)[0, 0].tolist() == [255, 0, 0]
    assert not coloured(np.zeros((2, 2, 2), np.float32), 0.0).any()


@pytest.mark.parametrize(("by", "size"), [("farneback", 12), ("dis", 24)])
def test_pictures_too_small_to_be_followed_are_refused(by: str, size: int) -> None:
    small = np.zeros((2, size, size, 3), np.uint8)

    with pytest.raises(BadInput, match=f"Flow by {by} needs pictures of .* these have {size}"):
        modality("flow", flow_by=by).of(small)


@pytest.mark.parametrize("name", sorted(MODALITIES.load()))
def test_a_clip_of_one_picture_shows_no_motion(name: str) -> None:
    picture = shifted((0, 0), n=1)

    found = modality(name).of(picture)

    assert found.shape == picture.shape
    if name != "rgb":
        assert len(np.unique(found)) == 1

"""How pictures are brought to the size of a network for clips."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ml.data.video.decode import decode
from ml.data.video.resizing import Shorter, Squeezed, resized
from ml.records import VideoRecord
from tests import toys


@pytest.mark.parametrize(
    ("picture", "expected"),
    [((240, 320), (256, 341)), ((320, 240), (341, 256)), ((720, 1280), (256, 455)),
     ((256, 256), (256, 256)), ((100, 1000), (256, 2560))],
)  # fmt: skip
def test_the_longer_side_follows_the_shorter(
    picture: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert Shorter(256).size_of(picture) == expected
    assert Squeezed(256, 340).size_of(picture) == (256, 340)


def natural(height: int, width: int) -> NDArray[np.uint8]:
    """Blobs of all sizes, as pictures have them."""
    random = np.random.default_rng(0)
    picture = np.zeros((height, width, 3))
    for side in (3, 6, 12, 24, 48):
        blobs = Image.fromarray(random.integers(0, 255, (side, side, 3), np.uint8))
        picture += np.asarray(blobs.resize((width, height), Image.Resampling.BICUBIC)) / 5
    return picture.astype(np.uint8)


@pytest.mark.parametrize("size", [(90, 120), (150, 100), (300, 400), (480, 640)])
def test_pictures_are_resized_about_as_pillow_does(size: tuple[int, int]) -> None:
    picture = natural(*size)
    height, width = Shorter(128).size_of(size)

    found = resized(picture, Shorter(128)).astype(float)

    pillow = Image.fromarray(picture)
    peer, other = (
        np.asarray(pillow.resize((width, height), how), float)
        for how in (Image.Resampling.BILINEAR, Image.Resampling.LANCZOS)
    )
    assert found.shape == (height, width, 3)
    assert abs(found - peer).mean() < max(0.5, abs(other - peer).mean())


def test_whole_blocks_are_averaged_and_fine_grain_does_not_alias() -> None:
    stripes = np.zeros((8, 8), np.uint8)
    stripes[:, ::2] = 200

    assert resized(stripes, Squeezed(4, 4)).tolist() == [[100] * 4] * 4
    assert resized(stripes, Squeezed(8, 8)) is stripes


def test_frames_are_decoded_to_a_rules_size(tmp_path: Path) -> None:
    path = toys.moving_square_video(tmp_path / "a.mp4", 3)
    video = VideoRecord(id="vid_1", path=str(path), n_frames=3)

    assert {frame.shape for frame in decode(video, size=Shorter(24))} == {(24, 32, 3)}
    assert {frame.shape for frame in decode(video, size=Squeezed(20, 50), grey=True)} == {(20, 50)}

"""The folder of motion classes: seeded, recognised, and told apart by motion alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.motion_classes import CLASSES, clip, make_folder
from ml.data.layouts import open_dataset


def middles(name: str, seed: int) -> np.ndarray:
    """(frames, 2): where the bright shape is, as x and y."""
    frames = clip(CLASSES[name], np.random.default_rng(seed), size=64, n_frames=12)
    return np.array([np.argwhere(f[..., 0] > 150).mean(axis=0)[::-1] for f in frames])


def test_the_folder_is_recognised(tmp_path: Path) -> None:
    n = make_folder(tmp_path, n_train=2, n_validation=1, seed=0, size=32, n_frames=6)

    dataset = open_dataset(tmp_path)
    videos, _findings = dataset.videos()

    assert len(CLASSES) >= 8
    assert n == len(videos) == 3 * len(CLASSES)
    assert {video.label for video in videos} == set(CLASSES)
    assert {video.part for video in videos} == {"train", "validation"}


def test_the_seed_decides_everything() -> None:
    one, same, other = (
        clip(CLASSES["left"], np.random.default_rng(seed), size=32, n_frames=4)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("name", "axis", "sign"), [("left", 0, -1), ("right", 0, 1), ("up", 1, -1), ("down", 1, 1)]
)
def test_shapes_move_as_their_class_says(name: str, axis: int, sign: int, seed: int) -> None:
    way = middles(name, seed)
    steps = np.diff(way[:, axis]) * sign
    assert steps.mean() > 0.3
    assert np.ptp(way[:, 1 - axis]) < np.ptp(way[:, axis]) / 2


def test_what_is_still_does_not_move() -> None:
    assert np.ptp(middles("still", 0), axis=0).max() == 0

"""Videos as a job is given them, with the times of their frames in one file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ml.data.truth.videos import known_videos

VIDEOS = [
    {"name": "a", "n_frames": 3, "has_times": True},
    {"name": "b", "n_frames": 4, "has_times": False, "fps": 25.0},
    {"name": "c", "n_frames": 2, "has_times": True},
]


def stored(folder: Path, n_times: int) -> str:
    np.save(folder / "times.npy", np.arange(n_times) / 10)
    return str(folder / "times.npy")


def test_times_lie_end_to_end(tmp_path: Path) -> None:
    found = known_videos(VIDEOS, stored(tmp_path, 5))

    times = [None if each.times is None else each.times.tolist() for each in found]
    assert times == [[0.0, 0.1, 0.2], None, [0.3, 0.4]]


@pytest.mark.parametrize("n_times", [0, 3, 4, 6])
def test_times_of_other_frames_are_refused(tmp_path: Path, n_times: int) -> None:
    with pytest.raises(ValueError, match=f"{n_times} times of frames where the videos have 5"):
        known_videos(VIDEOS, stored(tmp_path, n_times))


def test_videos_without_times_need_no_file() -> None:
    assert [each.times for each in known_videos(VIDEOS[1:2])] == [None]
    with pytest.raises(ValueError, match="0 times of frames where the videos have 3"):
        known_videos(VIDEOS[:1])

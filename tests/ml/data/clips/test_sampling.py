"""Which moments of a clip are taken."""

from __future__ import annotations

import numpy as np
import pytest

from ml.clock import Clock
from ml.data.clips.sampling import Sampling, first_of_segments, moments


def test_the_first_frame_of_each_of_equal_segments() -> None:
    assert first_of_segments(32, 16).tolist() == list(range(0, 32, 2))
    assert first_of_segments(33, 4).tolist() == [0, 8, 16, 24]
    assert first_of_segments(3, 8).tolist() == [0, 0, 0, 1, 1, 1, 2, 2]


@pytest.mark.parametrize("fps", [30.0, 10.0, 25.0])
def test_frames_lie_at_thirty_per_second_whatever_the_rate(fps: float) -> None:
    """A clip of 2 s: 60 new frames, of which every 15th is taken."""
    clock = Clock.constant(round(3 * fps), fps)
    start = round(0.4 * fps)

    found = moments(clock, start, start + round(2 * fps), Sampling(length=4, rate=30))

    seconds = (found.before + found.shares) / fps
    assert np.allclose(seconds, 0.4 + np.array([0, 0.5, 1.0, 1.5]), atol=1e-9)
    assert found.n_frames == 60
    assert found.last <= start + round(2 * fps) - 1


def test_between_two_frames_it_is_mixed_of_both() -> None:
    clock = Clock.constant(6, 10.0)

    found = moments(clock, 0, 6, Sampling(length=18, rate=30))

    assert found.before[:5].tolist() == [0, 0, 0, 1, 1]
    assert found.after[:5].tolist() == [0, 1, 1, 1, 2]
    assert np.allclose(found.shares[:5], [0, 1 / 3, 2 / 3, 0, 1 / 3])
    assert found.last == 5


def test_nothing_is_mixed_past_the_last_frame() -> None:
    """It is shown for 0.1 s, of which the last two new frames are."""
    found = moments(Clock.constant(3, 10.0), 0, 3, Sampling(length=9, rate=30))

    assert found.before.tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert found.shares[-3:].tolist() == [0, 0, 0]


def test_times_count_where_frames_come_unevenly() -> None:
    """The second half of the frames comes in a tenth of the time."""
    times = [0.0, 1.0, 2.0, 2.1, 2.2, 2.3]

    found = moments(Clock.of_times(times), 0, 6, Sampling(length=4, rate=10))

    assert (found.before + found.shares).tolist() == pytest.approx([0, 0.6, 1.2, 1.8], abs=0.01)


def test_as_it_is_frames_are_counted_alone() -> None:
    found = moments(Clock.constant(20, 7.0), 4, 12, Sampling(length=4))

    assert found.before.tolist() == found.after.tolist() == [4, 6, 8, 10]
    assert found.n_frames == 8


def test_times_rounded_to_milliseconds_mix_no_frames() -> None:
    times = np.round(np.arange(60) / 30, 3)

    found = moments(Clock.of_times(times), 0, 60, Sampling(length=16, rate=30))

    assert found.before.tolist() == (np.arange(16) * 60 // 16).tolist()
    assert found.shares.max() == 0

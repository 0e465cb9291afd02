"""Between frames and seconds, by the times at which frames are shown."""

from __future__ import annotations

import numpy as np
import pytest

from ml.clock import Clock

BURSTS = Clock.of_times([i / 25 + (60 if i >= 100 else 0) for i in range(200)], fps=199 / 67.96)


def test_two_bursts_a_minute_apart() -> None:
    assert np.isnan(BURSTS.rate)
    assert BURSTS.pauses.tolist() == [100]
    assert BURSTS.seconds == pytest.approx(68.0)
    assert BURSTS.seconds_at([0, 99, 100, 125, 175, 200]) == pytest.approx(
        [0, 3.96, 64, 65, 67, 68]
    )
    assert BURSTS.gone_at([50, 100, 101, 200]) == pytest.approx([2, 4, 64.04, 68])
    assert BURSTS.frame_at([65, 67, 2, 4]).tolist() == [125, 175, 50, 100]


@pytest.mark.parametrize("fps", [25.0, 24_000 / 1_001, 19.62, 49.0, 1 / 60])
@pytest.mark.parametrize("first", [0.0, 0.5, -0.04])
def test_a_constant_rate_is_the_one_that_was_stated(fps: float, first: float) -> None:
    clock = Clock.of_times(first + np.arange(1_000) / fps, fps)
    assert clock.rate == fps
    assert Clock.of_times(first + np.arange(1_000) / fps).rate == pytest.approx(fps)
    assert Clock.constant(1_000, fps).rate == fps
    assert len(clock.pauses) == 0
    assert clock.seconds_at(0) == first


def test_what_is_no_constant_rate() -> None:
    assert np.isnan(Clock.of_times(np.round(np.arange(90) / 30, 3), 30).rate)  # milliseconds
    assert np.isnan(Clock.of_times([0.0, 0.04, 0.09], 25).rate)
    assert np.isnan(Clock.of_times([3.0]).rate)
    assert Clock.of_times([3.0], 25).rate == 25
    assert Clock.of_times([0.0, 0.04, 0.08], 99).rate == pytest.approx(25)  # stated wrongly


def test_dropped_frames_are_no_pause_and_slow_cameras_make_none() -> None:
    assert Clock.of_times([0, 0.04, 0.08, 0.9, 0.94]).pauses.tolist() == []
    assert Clock.of_times([0, 0.04, 0.08, 1.2, 1.24]).pauses.tolist() == [3]
    assert Clock.of_times([0, 0.04, 0.08, 1.07, 1.11]).pauses.tolist() == []
    assert Clock.of_times([0, 10, 20, 69, 79]).pauses.tolist() == []
    assert Clock.of_times([0, 10, 20, 70, 80]).pauses.tolist() == [3]


def test_without_a_pause_a_frame_lasts_until_the_next() -> None:
    clock = Clock.of_times([0, 0.04, 0.08, 0.9, 0.94])
    frames = np.arange(-1, 7)
    assert clock.gone_at(frames).tolist() == clock.seconds_at(frames).tolist()

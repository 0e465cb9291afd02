"""Between frames and seconds, on clocks that are even, odd, late and broken by gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.clock import Clock

BURSTS = np.array([i / 25 + (60 if i >= 100 else 0) for i in range(200)])


@st.composite
def clocks(draw: st.DrawFn) -> Clock:
    gaps = draw(st.lists(st.floats(0.001, 5.0), min_size=1, max_size=60))
    start = draw(st.floats(0.0, 3.0))
    return Clock.of_times(start + np.cumsum([0.0, *gaps]))


@given(clocks(), st.data())
def test_every_stretch_of_frames_is_found_again_by_its_seconds(
    clock: Clock, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, clock.n_frames - 1))
    end = data.draw(st.integers(start, clock.n_frames))

    seconds = clock.seconds_at([start, end])

    assert clock.frame_at(seconds).tolist() == [start, end]


@given(clocks(), st.lists(st.floats(-5, 500), min_size=2))
def test_later_seconds_are_never_earlier_frames(clock: Clock, seconds: list[float]) -> None:
    found = clock.frame_at(sorted(seconds))

    assert np.all(np.diff(found) >= 0)


@given(st.integers(1, 500), st.sampled_from([10.0, 23.976, 25.0, 29.97]), st.floats(-5, 60))
def test_an_even_clock_counts_on_past_its_ends(n_frames: int, fps: float, seconds: float) -> None:
    clock = Clock.constant(n_frames, fps)

    assert clock.frame_at(seconds) == np.ceil(seconds * fps - 0.5 - 1e-7)


def test_frames_after_a_gap_are_where_they_are_shown() -> None:
    clock = Clock.of_times(BURSTS)

    assert clock.frame_at([65.0, 67.0]).tolist() == [125, 175]
    assert clock.frame_at([4.0, 63.9]).tolist() == [100, 100]  # nothing was taken in between
    assert clock.seconds_at([99, 100, 200, 201]).tolist() == pytest.approx([3.96, 64, 68, 68.04])
    assert clock.seconds == pytest.approx(68)
    assert clock.steady_rate is None


def test_a_picture_that_starts_late() -> None:
    clock = Clock.of_times(0.5 + np.arange(50) / 25)

    assert clock.frame_at([0.0, 0.5, 1.0, 2.5]).tolist() == [0, 0, 12, 50]  # 12 is in its middle
    assert clock.frame_at(-0.1) < 0
    assert (clock.seconds, clock.end) == pytest.approx((2.0, 2.5))
    assert clock.steady_rate == pytest.approx(25)


def test_a_rate_is_steady_where_times_are_only_rounded() -> None:
    rounded = np.round(np.arange(300) / 29.97, 3)

    assert Clock.of_times(rounded).steady_rate == pytest.approx(29.97, rel=1e-4)
    assert Clock.constant(300, 29.97).steady_rate == pytest.approx(29.97, rel=1e-12)


def test_one_frame_and_none() -> None:
    one = Clock.of_times([0.0], fps=25)

    assert (one.seconds, one.steady_rate) == (0.04, 25)
    assert one.frame_at([0.0, 0.04]).tolist() == [0, 1]
    assert Clock.constant(0, 25).seconds == 0


@pytest.mark.parametrize("fps", [0.0, -1.0, float("inf"), float("nan")])
def test_what_is_no_rate_makes_no_clock(fps: float) -> None:
    with pytest.raises(ValueError, match="is no number of frames per second"):
        Clock.constant(10, fps)


TWO_BURSTS = Clock.of_times([i / 25 + (60 if i >= 100 else 0) for i in range(200)], fps=199 / 67.96)


def test_two_bursts_a_minute_apart() -> None:
    assert np.isnan(TWO_BURSTS.rate)
    assert TWO_BURSTS.pauses.tolist() == [100]
    assert TWO_BURSTS.seconds == pytest.approx(68.0)
    assert TWO_BURSTS.seconds_at([0, 99, 100, 125, 175, 200]) == pytest.approx(
        [0, 3.96, 64, 65, 67, 68]
    )
    assert TWO_BURSTS.gone_at([50, 100, 101, 200]) == pytest.approx([2, 4, 64.04, 68])
    assert TWO_BURSTS.frame_at([65, 67, 2, 4]).tolist() == [125, 175, 50, 100]


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

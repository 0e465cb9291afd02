import numpy as np
import pytest

from ml.data.video.timeline import frame_times, pauses, usual_fps
from ml.data.video.timestamps import unwrap

STEP = 3600


def counted_up(n: int, start: int = 0) -> list[int | None]:
    return [start + index * STEP for index in range(n)]


def unwrapped(stamps: list[int | None], wrap: int = 0) -> list[int]:
    return list(unwrap(stamps, stamps, wrap=wrap).times)


def test_lay_leaves_sound_stamps_alone() -> None:
    pts: list[int | None] = [7200, 14400, 10800, 18000]

    found = unwrap(counted_up(4), pts)

    assert (list(found.times), set(found.shifts), found.starts) == (pts, {0}, ())


def test_lay_segments_one_after_another_by_what_is_shown_last() -> None:
    dts = [*counted_up(40), *counted_up(40)]
    reordered = [(index ^ 1) * STEP + 7200 for index in range(40)]  # each pair changes places
    pts: list[int | None] = [*reordered, *reordered]

    found = unwrap(dts, pts)

    assert found.starts == (40,)
    assert found.times[40:].min() == found.times[:40].max() + STEP
    assert np.array_equal(np.sort(found.times), np.unique(found.times))


@pytest.mark.parametrize("wrong", [500_000, -500_000])
def test_lay_single_wrong_stamp_starts_nothing(wrong: int) -> None:
    stamps = counted_up(40)
    stamps[20] = (stamps[20] or 0) + wrong

    assert unwrap(stamps, stamps).starts == ()


def test_lay_stamps_of_frames_that_are_reordered_start_nothing() -> None:
    order = [
        place for first in range(0, 60, 4) for place in (first, first + 3, first + 1, first + 2)
    ]
    stamps: list[int | None] = [place * STEP for place in order]

    assert unwrap(stamps, stamps).starts == ()


def test_lay_wrap_goes_on_and_is_no_start() -> None:
    wrap = 2**33
    stamps: list[int | None] = [(wrap - 5 * STEP + k * STEP) % wrap for k in range(10)]

    found = unwrap(stamps, stamps, wrap=wrap)

    assert found.starts == ()
    assert np.all(np.diff(found.times) == STEP)


def test_lay_packets_without_stamps() -> None:
    assert unwrapped([None, None]) == [0, 0]
    assert unwrapped([None, 5, None]) == [0, 5, 5]
    assert unwrapped([]) == []


def test_frame_times_put_a_few_missing_times_between_the_others() -> None:
    times = np.arange(20) / 10
    holed = times.copy()
    holed[[3, 7]] = np.nan, 0.15  # missing, and before the one that it follows

    found, warnings = frame_times(holed, 10)

    assert found == pytest.approx(times)
    assert warnings == ("2 time stamps missing or out of order, of 20; put between the others",)


def test_frame_times_without_any_go_by_the_rate() -> None:
    found, warnings = frame_times(np.full(4, np.nan), 12.5)

    assert found == pytest.approx([0, 0.08, 0.16, 0.24])
    assert warnings[0].endswith("frames were placed at 12.5 per second")


def test_frame_times_extend_at_the_usual_rate() -> None:
    times = np.arange(20) / 10
    times[0] = times[19] = np.nan

    assert frame_times(times, 10)[0] == pytest.approx(np.arange(20) / 10)


@pytest.mark.parametrize(
    ("gaps", "fps"),
    [
        ([0.04] * 20, 25),
        ([0.04] * 20 + [60.0], 25),  # a pause
        ([0.033, 0.033, 0.034] * 10, 30),  # rounded
        ([0.02, 0.06] * 10, 25),  # the mean where it varies
        ([0.04, 0.04, 0.42, 0.04, 1.46], 2.5),
        ([], 0),
    ],
)
def test_usual_fps(gaps: list[float], fps: float) -> None:
    assert usual_fps(np.cumsum([0, *gaps])) == pytest.approx(fps)


def test_pauses_are_a_second_and_longer() -> None:
    assert pauses(np.cumsum([0, 0.1, 0.1, 5, 0.1, 0.9])) == [(pytest.approx(0.2), pytest.approx(5))]
    assert pauses(np.arange(10) * 3600.0) == []  # a picture per hour has none

"""Seconds of alarms and events by the times at which frames are shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import metrics
from ml.clock import Clock
from ml.metrics import AlarmRule, EventCounts

NAN = np.nan
BURSTS = np.arange(200) / 25 + np.where(np.arange(200) >= 100, 60, 0)
LATE = Clock.of_times(0.5 + np.arange(6) / 10, 10)


def frames(*spans: tuple[int, int], n: int = 200) -> np.ndarray:
    """1 in the half-open spans."""
    found = np.zeros(n)
    for start, end in spans:
        found[start:end] = 1
    return found


def in_bursts(
    labels: Any, scores: Any, *, merge_gap: float = 0, hold: float = 0, iou: float = 0
) -> metrics.Detection:
    line = metrics.timeline([labels], [scores], [Clock.of_times(BURSTS, 199 / BURSTS[-1])])
    rule = AlarmRule(merge_gap=merge_gap, hold=hold, iou=iou, in_seconds=True)
    return metrics.detect(line, 0.5, rule)


def spans_of(found: metrics.Detection) -> list[tuple[int, int]]:
    return list(zip(found.alarms.starts.tolist(), found.alarms.ends.tolist(), strict=True))


def test_hours_and_delays_are_those_of_the_file() -> None:
    counts = in_bursts(frames((125, 175)), frames((130, 140), (10, 12))).counts()
    assert counts.hours * 3_600 == pytest.approx(68.0)
    assert counts.mean_delay_frames == 5
    assert counts.mean_delay_seconds == pytest.approx(0.2)
    assert counts.false_alarms_per_hour == pytest.approx(3_600 / 68)


def test_an_event_before_a_pause_that_is_found_after_it() -> None:
    counts = in_bursts(frames((90, 110)), frames((101, 105))).counts()
    assert counts.mean_delay_seconds == pytest.approx(64.04 - 3.6)


@pytest.mark.parametrize(
    ("alarms", "merge_gap", "merged"),
    [
        ([(90, 110)], 1, [(90, 100), (100, 110)]),  # touch in frames, 60 s apart
        ([(90, 110)], 59.9, [(90, 100), (100, 110)]),
        ([(90, 110)], 60, [(90, 110)]),
        ([(90, 99), (100, 110)], 60, [(90, 99), (100, 110)]),  # 60.04 s
        ([(90, 99), (100, 110)], 60.04, [(90, 110)]),
        ([(90, 100), (102, 110)], 60, [(90, 100), (102, 110)]),
        ([(10, 20), (45, 50)], 1, [(10, 50)]),  # exactly a second
        ([(10, 20), (46, 50)], 1, [(10, 20), (46, 50)]),
        ([(0, 200)], 0, [(0, 100), (100, 200)]),
        ([(0, 100)], 0, [(0, 100)]),
        ([(100, 200)], 0, [(100, 200)]),
    ],
)
def test_alarms_merge_by_seconds(
    alarms: list[tuple[int, int]], merge_gap: float, merged: list[tuple[int, int]]
) -> None:
    assert spans_of(in_bursts(frames(), frames(*alarms), merge_gap=merge_gap)) == merged


def test_a_rule_in_frames_knows_no_pause() -> None:
    line = metrics.timeline([frames()], [frames((90, 110))], [Clock.of_times(BURSTS)])
    assert spans_of(metrics.detect(line, 0.5, AlarmRule(hold=20))) == [(90, 110)]


@pytest.mark.parametrize(
    ("alarms", "hold", "kept", "raised"),
    [
        ([(20, 45)], 1, [(20, 45)], [44]),  # a second is 25 frames
        ([(20, 44)], 1, [], []),
        ([(20, 45)], 0, [(20, 45)], [20]),
        ([(90, 110)], 0.4, [(90, 100), (100, 110)], [99, 109]),
        ([(90, 110)], 0.5, [], []),  # the pause is no part of either
    ],
)
def test_alarms_are_held_by_seconds(
    alarms: Any, hold: float, kept: list[tuple[int, int]], raised: list[int]
) -> None:
    found = in_bursts(frames(), frames(*alarms), hold=hold)
    assert spans_of(found) == kept
    assert found.alarms.raised.tolist() == raised


def test_an_alarm_over_a_merged_pause_lasts_as_long_as_the_pause() -> None:
    found = in_bursts(frames((100, 120)), frames((90, 110)), merge_gap=60, hold=60.6)
    assert spans_of(found) == [(90, 110)]  # 60.8 s
    assert found.alarms.raised.tolist() == [104]  # 64.2 s: by its end 3.6 + 60.6 have gone
    assert found.counts().mean_delay_seconds == pytest.approx(0.16)


def test_frames_that_come_unevenly_are_one_run() -> None:
    clock = Clock.of_times([0, 0.04, 0.08, 0.9, 0.94, 1.0])
    line = metrics.timeline([np.zeros(6)], [[0, 9, 9, 9, 0, 9]], [clock])
    found = metrics.detect(line, 5, AlarmRule(in_seconds=True))
    assert spans_of(found) == [(1, 4), (5, 6)]
    gap = AlarmRule(merge_gap=0.06, hold=0.99, in_seconds=True)
    assert spans_of(metrics.detect(line, 5, gap)) == [(1, 6)]  # to 1.04, its last frame 0.04 long


def test_a_picture_that_starts_late() -> None:
    line = metrics.timeline([[0, 1, 1, 1, 1, 0]], [[0, 0, 0, 9, 9, 0]], [LATE])
    counts = metrics.detect(line, 5, AlarmRule(hold=0.2, in_seconds=True)).counts()
    assert (counts.hours * 3_600, counts.mean_delay_seconds) == (pytest.approx(0.6), 3 / 10)


def test_times_of_one_video_do_not_touch_the_others() -> None:
    rules = AlarmRule(merge_gap=1, hold=0.4, in_seconds=True)
    clocks = [LATE, Clock.of_times(BURSTS), None, Clock.of_times(BURSTS + 7)]
    labels = [frames((2, 4), n=6), frames((90, 110)), [0, 1, 1], frames((90, 110))]
    scores = [frames((0, 6), n=6), frames((92, 110)), [0, 1, 1], frames((95, 110))]
    together = metrics.detect(metrics.timeline(labels, scores, clocks), 0.5, rules).per_video()
    for i, each in enumerate(zip(labels, scores, clocks, strict=True)):
        alone = metrics.timeline(*([one] for one in each))
        counts = metrics.detect(alone, 0.5, rules).per_video()
        for name in EventCounts.__dataclass_fields__:
            one, among = getattr(counts, name)[0], getattr(together, name)[i]
            assert np.array_equal(one, among, equal_nan=True), (i, name)
    assert together.n_alarms.tolist() == [1, 1, 1, 1]
    assert np.isnan(together.delay_seconds).tolist() == [False, False, True, False]


# --- Against the rule that counted frames, and against one frame at a time


RATES = st.sampled_from([1.0, 7.5, 10.0, 15.0, 24_000 / 1_001, 25.0, 29.97, 30.0, 49.0, 60.0])
SECONDS = st.sampled_from([0.0, 1 / 30, 0.04, 0.1, 0.2, 1 / 3, 0.5, 1.0, 1.001, 2.0])


@st.composite
def scored(draw: st.DrawFn, n: int = 40) -> tuple[list[list[int]], list[list[float]]]:
    lengths = draw(st.lists(st.integers(1, n), min_size=1, max_size=3))
    score = st.sampled_from([NAN, 0.0, 1.0, 1.0])
    labels = [draw(st.lists(st.integers(0, 1), min_size=m, max_size=m)) for m in lengths]
    return labels, [draw(st.lists(score, min_size=m, max_size=m)) for m in lengths]


@given(
    scored(),
    RATES | st.floats(0.5, 240),
    SECONDS | st.floats(0, 3),
    SECONDS | st.floats(0, 3),
    st.sampled_from([0.0, 0.4]),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_at_a_constant_rate_seconds_are_whole_frames(
    videos: Any, fps: float, gap: float, hold: float, iou: float, is_timed: bool
) -> None:
    """Exactly: the last bit of every number is that of the rule in frames."""
    labels, scores = videos
    lengths = np.array([len(each) for each in labels])
    clocks = [
        Clock.of_times(0.5 + np.arange(n) / fps, fps) if is_timed else Clock.constant(n, fps)
        for n in lengths
    ]
    line = metrics.timeline(labels, scores, clocks)
    found = metrics.detect(line, 1, AlarmRule(merge_gap=gap, hold=hold, iou=iou, in_seconds=True))
    whole = AlarmRule(
        merge_gap=int(np.floor(gap * fps + 1e-9)), hold=int(np.ceil(hold * fps - 1e-9)), iou=iou
    )
    counted = metrics.detect(line, 1, whole)
    for name in ("starts", "ends", "raised"):
        assert np.array_equal(getattr(found.alarms, name), getattr(counted.alarms, name))
    counts = found.per_video()
    for name in set(EventCounts.__dataclass_fields__) - {"hours", "delay_seconds"}:
        assert np.array_equal(getattr(counts, name), getattr(counted.per_video(), name)), name
    assert np.array_equal(counts.hours, lengths / fps / 3_600)
    assert np.array_equal(found.delays()[1], counted.delays()[0] / fps, equal_nan=True)


GAPS = st.sampled_from([0.04, 0.04, 0.04, 0.05, 0.5, 1.5, 60.0])


@given(st.data(), SECONDS, st.sampled_from([0.0, 0.04, 0.09, 0.5, 2.0, 61.0]))
@settings(max_examples=400, deadline=None)
def test_alarms_by_times_are_those_of_one_frame_after_the_other(
    data: st.DataObject, gap: float, hold: float
) -> None:
    n = data.draw(st.integers(3, 30))
    steps = data.draw(st.lists(GAPS, min_size=n - 1, max_size=n - 1))
    clock = Clock.of_times(np.cumsum([0.5, *steps]))
    flags = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    line = metrics.timeline([np.zeros(n)], [np.array(flags, float)], [clock])
    rule = AlarmRule(merge_gap=gap, hold=hold, in_seconds=True)
    found = metrics.detect(line, 0.5, rule)
    expected = slow_alarms(flags, clock, gap, hold)
    alarms = found.alarms
    assert list(zip(*(each.tolist() for each in (alarms.starts, alarms.ends, alarms.raised)),
                    strict=True)) == expected  # fmt: skip


def slow_alarms(
    flags: list[bool], clock: Clock, gap: float, hold: float
) -> list[tuple[int, int, int]]:
    usual, shown = clock.frame_seconds, clock.times.tolist()
    gone = [  # of each frame
        start + usual if end - start >= max(1, 5 * usual) else end
        for start, end in zip(shown, [*shown[1:], shown[-1] + usual], strict=True)
    ]
    if not np.isnan(clock.rate):
        gap, hold = np.floor(gap * clock.rate + 1e-9), np.ceil(hold * clock.rate - 1e-9)
        shown, gone = list(range(len(shown))), list(range(1, len(shown) + 1))
    alarms: list[list[int]] = []  # the alarmed frames of each
    for frame in np.flatnonzero(flags).tolist():
        if alarms and (
            shown[frame] - gone[alarms[-1][-1]] <= gap + 1e-6
            or (frame == alarms[-1][-1] + 1 and gone[frame - 1] == shown[frame])
        ):
            alarms[-1].append(frame)
        else:
            alarms.append([frame])
    held = [each for each in alarms if gone[each[-1]] - shown[each[0]] >= hold - 1e-6]
    return [
        (
            each[0],
            each[-1] + 1,
            next(f for f in each if gone[f] - shown[each[0]] >= hold - 1e-6),
        )
        for each in held
    ]

"""Alarms and events against frame-by-frame brute force, and by hand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml import metrics
from ml.clock import Clock
from ml.metrics import AlarmRule

NAN = np.nan


def at_rate(labels: Any, scores: Any, fps: float) -> metrics.Timeline:
    return metrics.timeline(labels, scores, [Clock.constant(len(each), fps) for each in labels])


@dataclass
class Slow:
    """One video, one frame at a time."""

    alarms: list[tuple[int, int, int]]  # start, end, raised
    events: list[tuple[int, int]]
    found: dict[int, int]  # event -> alarm
    matched: set[int]
    false: set[int]


def runs(flags: list[bool]) -> list[tuple[int, int]]:
    found, at = [], 0
    for flag, group in groupby(flags):
        n = len(list(group))
        if flag:
            found.append((at, at + n))
        at += n
    return found


def slow_alarms(flags: list[bool], gap: int, hold: int) -> list[tuple[int, int, int]]:
    merged: list[list[int]] = []
    for start, end in runs(flags):
        if merged and start - merged[-1][1] <= gap:
            merged[-1][1] = end
        else:
            merged.append([start, end])
    return [
        (s, e, next(f for f in range(s, e) if flags[f] and f - s + 1 >= hold))
        for s, e in merged
        if e - s >= hold
    ]


def overlap(event: tuple[int, int], alarm: tuple[int, int, int]) -> float:
    own, other = set(range(*event)), set(range(*alarm[:2]))
    return len(own & other) / len(own | other)


def largest_matching(pairs: list[tuple[int, int]]) -> int:
    """By trying all."""
    if not pairs:
        return 0
    (event, alarm), rest = pairs[0], pairs[1:]
    free = [(e, a) for e, a in rest if e != event and a != alarm]
    return max(largest_matching(rest), 1 + largest_matching(free))


def brute_force(labels: Any, scores: Any, threshold: float, rule: AlarmRule) -> dict[str, float]:
    flags = [bool(score >= threshold) for score in scores]
    alarms = slow_alarms(flags, int(rule.merge_gap), int(rule.hold))
    events = runs([label == 1 for label in labels])
    ious = {
        (e, a): overlap(events[e], alarms[a])
        for e in range(len(events))
        for a in range(len(alarms))
    }
    touching = [pair for pair, iou in ious.items() if iou > 0]
    close = [pair for pair in touching if ious[pair] >= rule.iou]
    if rule.iou > 0:
        n_found = n_matched = largest_matching(close)
    else:
        n_found = len({e for e, _ in close})
        n_matched = len({a for _, a in close})
    return {
        "n_events": len(events),
        "n_alarms": len(alarms),
        "n_found": n_found,
        "n_matched": n_matched,
        "n_false": len(alarms) - len({a for _, a in touching}),
        "delay_frames": sum(
            max(0, min(alarms[a][2] for e2, a in close if e2 == e) - events[e][0])
            for e in {e for e, _ in close}
        ),
    }


@st.composite
def labelled_videos(draw: st.DrawFn) -> tuple[list[list[int]], list[list[float]]]:
    lengths = draw(st.lists(st.integers(0, 14), min_size=1, max_size=3))
    score = st.sampled_from([NAN, 0.0, 1.0, 2.0])
    labels = [draw(st.lists(st.integers(0, 1), min_size=n, max_size=n)) for n in lengths]
    return labels, [draw(st.lists(score, min_size=n, max_size=n)) for n in lengths]


@given(
    labelled_videos(),
    st.sampled_from([0.0, 0.5, 1.0, 2.0, 3.0]),
    st.integers(0, 3),
    st.integers(0, 4),
    st.sampled_from([0.0, 0.2, 1 / 3, 0.5, 0.75, 1.0]),
)
@settings(max_examples=400)
def test_counts_are_those_of_brute_force(
    videos: Any, threshold: float, gap: int, hold: int, iou: float
) -> None:
    labels, scores = videos
    rule = AlarmRule(merge_gap=gap, hold=hold, iou=iou)
    found = metrics.detect(at_rate(labels, scores, 25), threshold, rule)
    slow = [brute_force(*each, threshold, rule) for each in zip(labels, scores, strict=True)]
    names = ["n_events", "n_alarms", "n_found", "n_matched", "n_false"]
    for name in names + (["delay_frames"] if iou == 0 else []):
        assert getattr(found.per_video(), name).tolist() == [each[name] for each in slow], name
        assert getattr(found.counts(), name) == sum(each[name] for each in slow), name


@given(labelled_videos(), st.integers(0, 3), st.integers(0, 4), st.sampled_from([0.0, 0.3, 0.6]))
@settings(max_examples=200)
def test_a_sweep_is_every_threshold_by_itself(videos: Any, gap: int, hold: int, iou: float) -> None:
    line = at_rate(*videos, 10)
    rule = AlarmRule(merge_gap=gap, hold=hold, iou=iou)
    thresholds = [1.5, -1.0, 2.0, 9.0, 2.0]
    swept = metrics.sweep(line, thresholds, rule)
    for i, threshold in enumerate(thresholds):
        alone = metrics.detect(line, threshold, rule).counts()
        for name in alone.__dataclass_fields__:
            assert getattr(swept, name)[i] == getattr(alone, name), name
        assert swept.f1[i] == pytest.approx(float(alone.f1), nan_ok=True)


@given(labelled_videos(), st.sampled_from([0.1, 0.4]))
@settings(max_examples=200)
def test_an_alarm_finds_one_event_and_an_event_is_found_once(videos: Any, iou: float) -> None:
    found = metrics.detect(at_rate(*videos, 1), 1.0, AlarmRule(iou=iou))
    alarms = found.alarm_of[found.is_found]
    assert len(set(alarms.tolist())) == len(alarms) == found.is_matched.sum()


def test_by_hand() -> None:
    labels = [[0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1]]
    scores = [[0, 0, 0, 9, 0, 9, 0, 0, 9, 0, 0, 0]]
    line = at_rate(labels, scores, 4)
    plain = metrics.detect(line, 5, AlarmRule()).counts()
    assert (plain.n_alarms, plain.n_matched, plain.n_false) == (3, 2, 1)
    assert (plain.precision, plain.recall) == (pytest.approx(2 / 3), 0.5)
    assert plain.f1 == pytest.approx(4 / 7)
    assert plain.mean_delay_frames == 1
    assert plain.mean_delay_seconds == 0.25
    assert plain.false_alarms_per_hour == pytest.approx(1_200)  # one in three seconds
    merged = metrics.detect(line, 5, AlarmRule(merge_gap=1, hold=2, iou=0.7))
    assert merged.alarms.starts.tolist() == [3]
    assert merged.alarms.ends.tolist() == [6]
    assert merged.alarms.raised.tolist() == [5]  # frame 4 is a gap: nothing tells it from the end
    assert merged.alarm_of.tolist() == [0, -1]
    assert np.array_equal(merged.delays()[0], [3, NAN], equal_nan=True)


def test_alarms_never_cross_from_one_video_to_the_next() -> None:
    line = at_rate([[0, 0], [0, 1]], [[0, 9], [9, 0]], 1)
    found = metrics.detect(line, 5, AlarmRule(merge_gap=1_000_000))
    assert found.per_video().n_alarms.tolist() == [1, 1]
    assert found.counts().n_false == 2


def test_limits_may_differ_by_video() -> None:
    line = at_rate([[0, 0, 0]] * 2, [[9, 0, 9]] * 2, 1)
    rule = AlarmRule(merge_gap=np.array([0, 1]), hold=np.array([0, 4]))
    assert metrics.detect(line, 5, rule).per_video().n_alarms.tolist() == [2, 0]


def test_a_share_of_nothing_is_undefined() -> None:
    nothing = metrics.detect(at_rate([[0, 0]], [[0, 0]], 25), 1, AlarmRule()).counts()
    undefined = (nothing.precision, nothing.recall, nothing.f1, nothing.mean_delay_seconds)
    assert np.isnan(undefined).all()
    assert nothing.false_alarms_per_hour == 0
    missed = metrics.detect(at_rate([[0, 1]], [[0, 0]], 25), 1, AlarmRule()).counts()
    assert (missed.recall, missed.f1) == (0, 0)
    assert np.isnan(missed.precision)


def test_without_a_rate_there_are_no_seconds() -> None:
    counts = metrics.detect(metrics.timeline([[0, 1]], [[9, 9]], [None]), 1, AlarmRule()).counts()
    assert counts.n_found == 1
    assert counts.mean_delay_frames == 0
    assert np.isnan(counts.false_alarms_per_hour)
    assert np.isnan(counts.mean_delay_seconds)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="as many labels as scores"):
        metrics.timeline([[0, 1]], [[1]], [None])
    with pytest.raises(ValueError, match="labels of 1"):
        metrics.timeline([[0, 1]], [], [None])
    with pytest.raises(ValueError, match="another number of frames"):
        metrics.timeline([[0, 1]], [[1, 1]], [Clock.constant(3, 25)])

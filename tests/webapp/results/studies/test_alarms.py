"""Alarms by hand."""

import numpy as np
import pytest

from ml.clock import Clock
from webapp.results.studies.alarms import operating_point


def at(threshold, scores, labels, fps=10.0, **rules):
    return operating_point(
        np.array(scores, dtype=np.float32),
        np.array(labels, dtype=np.uint8),
        threshold=threshold,
        clock=Clock.constant(len(scores), fps) if fps else None,
        **rules,
    )


def test_operating_point_by_hand():
    scores = [9, 0, 0, 5, 5, 9, 9, 0, 9, 0]
    labels = [0, 0, 0, 1, 1, 1, 0, 0, 0, 0]
    point = at(6, scores, labels)
    assert point.spans == [[0, 1], [5, 7], [8, 9]]
    assert (point.n_alarms, point.n_false_alarms) == (3, 2)
    assert (point.n_events, point.n_found_events) == (1, 1)
    assert point.mean_delay_seconds == pytest.approx(0.2)
    assert point.false_alarms_per_hour == pytest.approx(2 * 3_600)


def test_a_score_at_the_threshold_raises_an_alarm():
    assert at(5, [4, 5], [0, 0]).spans == [[1, 2]]


def test_a_threshold_beyond_every_score():
    assert at(1e300, [4, 5], [0, 0]).spans == []
    assert at(-1e300, [4, 5], [0, 0]).spans == [[0, 2]]


def test_frames_without_a_score_raise_no_alarm():
    point = at(0, [np.nan, np.nan, 1, np.nan], [1, 1, 0, 0])
    assert point.spans == [[2, 3]]
    assert point.n_found_events == 0
    assert point.mean_delay_seconds is None


def test_one_alarm_may_find_two_events():
    assert at(1, [1, 1, 1, 1], [1, 0, 0, 1]).n_found_events == 2


def test_many_short_alarms_are_counted_apart_and_drawn_together():
    scores = np.tile([1, 0], 5_000)
    point = at(1, scores, np.zeros(10_000))
    assert point.n_alarms == 5_000
    assert point.spans == [[0, 9_999]]


def test_merging_and_holding_take_seconds():
    scores, labels = [9, 0, 9, 0, 0, 9, 9, 9], [0, 0, 0, 0, 0, 1, 1, 1]
    assert at(5, scores, labels, merge_seconds=0.1).spans == [[0, 3], [5, 8]]
    held = at(5, scores, labels, hold_seconds=0.3)
    assert held.spans == [[5, 8]]
    assert held.mean_delay_seconds == pytest.approx(0.2)
    assert held.n_false_alarms == 0


def test_without_a_rate_there_are_no_hours():
    point = at(5, [9, 0], [0, 1], fps=0.0)
    assert point.false_alarms_per_hour is None
    assert point.n_alarms == 1

"""What a threshold does to one video: alarms, false ones, events found and how soon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.clock import Clock
from ml.evaluation.events import number

DRAWN_SPANS = 1_000  # alarms that lie closer than this share of the video are drawn as one


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """Alarms as `ml.metrics.events` defines them; a false one has no abnormal frame.

    An alarm that touches an event finds it.
    """

    n_alarms: int
    n_false_alarms: int
    false_alarms_per_hour: float | None  # without a clock there are no hours
    n_events: int
    n_found_events: int
    mean_delay_seconds: float | None  # from the start of an event to the alarm that found it
    spans: list[list[int]]  # start and end frames to draw


def operating_point(
    scores: NDArray[np.floating],
    labels: NDArray[np.uint8],
    *,
    threshold: float,
    clock: Clock | None,
    merge_seconds: float = 0.0,
    hold_seconds: float = 0.0,
) -> OperatingPoint:
    """`scores` and `labels` (n_frames,); a frame without a score (NaN) raises no alarm."""
    line = metrics.timeline([labels], [scores], [clock])
    rule = metrics.AlarmRule(merge_gap=merge_seconds, hold=hold_seconds, in_seconds=True)
    found = metrics.detect(line, threshold, rule)
    counts = found.counts()
    return OperatingPoint(
        n_alarms=int(counts.n_alarms),
        n_false_alarms=int(counts.n_false),
        false_alarms_per_hour=number(counts.false_alarms_per_hour),
        n_events=int(counts.n_events),
        n_found_events=int(counts.n_found),
        mean_delay_seconds=number(counts.mean_delay_seconds),
        # Alarms may touch, with a pause between them: −1 joins none.
        spans=_drawn(found.alarms, max_gap=len(scores) // DRAWN_SPANS or -1),
    )


def _drawn(alarms: metrics.Alarms, *, max_gap: int) -> list[list[int]]:
    """Start and end of each alarm; neighbours no more than `max_gap` frames apart are joined."""
    if not len(alarms.starts):
        return []
    is_new = np.append(True, alarms.starts[1:] - alarms.ends[:-1] > max_gap)
    first = np.flatnonzero(is_new)
    last = np.append(first[1:], len(is_new)) - 1
    return np.stack([alarms.starts[first], alarms.ends[last]], axis=1).tolist()

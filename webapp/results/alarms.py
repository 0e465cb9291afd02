"""What a threshold does to one video: alarms, false ones, events found and how soon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.records import Interval, intervals_of

DRAWN_SPANS = 1_000  # alarms that lie closer than this share of the video are drawn as one


@dataclass(frozen=True, kw_only=True)
class OperatingPoint:
    """An alarm is a run of frames at or above the threshold; false without an abnormal frame."""

    n_alarms: int
    n_false_alarms: int
    false_alarms_per_hour: float
    n_events: int
    n_found_events: int
    mean_delay_seconds: float | None  # from the start of an event to its first alarmed frame
    spans: list[list[int]]  # start and end frames to draw


def operating_point(
    scores: NDArray[np.floating], labels: NDArray[np.uint8], *, threshold: float, fps: float
) -> OperatingPoint:
    """`scores` and `labels` (n_frames,); a frame without a score (NaN) raises no alarm."""
    with np.errstate(over="ignore"):  # beyond float32 a threshold is as good as infinite
        is_alarmed = scores >= threshold
    alarms = intervals_of(is_alarmed)
    n_false = sum(not labels[alarm.start_frame : alarm.end_frame].any() for alarm in alarms)
    events = intervals_of(labels)
    delays = [
        int(np.argmax(is_alarmed[event.start_frame : event.end_frame])) / fps
        for event in events
        if is_alarmed[event.start_frame : event.end_frame].any()
    ]
    return OperatingPoint(
        n_alarms=len(alarms),
        n_false_alarms=n_false,
        false_alarms_per_hour=n_false / (len(scores) / fps / 3_600),
        n_events=len(events),
        n_found_events=len(delays),
        mean_delay_seconds=float(np.mean(delays)) if delays else None,
        spans=_drawn(alarms, max_gap=len(scores) // DRAWN_SPANS),
    )


def _drawn(alarms: tuple[Interval, ...], *, max_gap: int) -> list[list[int]]:
    """Start and end of each alarm; neighbours no more than `max_gap` frames apart are joined."""
    spans: list[list[int]] = []
    for alarm in alarms:
        if spans and alarm.start_frame - spans[-1][1] <= max_gap:
            spans[-1][1] = alarm.end_frame
        else:
            spans.append([alarm.start_frame, alarm.end_frame])
    return spans

"""Intervals against a true frame count: what has to be changed so that they fit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from ml.data.truth.rows import Intervals
from ml.records import Interval


def fitted(claimed: Sequence[Interval], n_frames: int) -> tuple[Intervals, list[str]]:
    """Sorted intervals inside the video, and the codes of the repairs that this took."""
    repairs: list[str] = []
    inside: list[Interval] = []
    for interval in sorted(claimed, key=lambda each: (each.start_frame, each.end_frame)):
        start, end = interval.start_frame, interval.end_frame
        repairs += _faults(start, end, n_frames)
        start, end = max(start, 0), min(end, n_frames)
        if start < end:
            inside.append(Interval(start_frame=start, end_frame=end, label=interval.label))
    merged = _merged(inside)
    if len(merged) < len(inside):
        repairs.append("merge_overlaps")
    return tuple(merged), list(dict.fromkeys(repairs))


def _faults(start: int, end: int, n_frames: int) -> list[str]:
    if start >= end:
        return ["drop_empty"]
    if start >= n_frames:
        return ["drop_past_end"]
    if end <= 0:
        return ["drop_before_first"]
    faults = ["start_at_first"] if start < 0 else []
    return [*faults, "clip_to_end"] if end > n_frames else faults


def _merged(intervals: Sequence[Interval]) -> list[Interval]:
    """Those that share frames become one; those that only touch stay two."""
    merged: list[Interval] = []
    for interval in intervals:
        last = merged[-1] if merged else None
        if last is None or interval.start_frame >= last.end_frame:
            merged.append(interval)
        elif interval.end_frame > last.end_frame:
            merged[-1] = Interval(
                start_frame=last.start_frame, end_frame=interval.end_frame, label=last.label
            )
        else:
            merged[-1] = last  # inside: nothing is added
    return merged


def resampled(claimed: Sequence[Interval], rate: float, fps: float) -> Intervals:
    """From frames at `rate` to frames at `fps`, to the nearest."""
    ratio = Fraction(fps) / Fraction(rate)  # a file may have numbers that no float can hold
    return tuple(
        Interval(
            start_frame=round(each.start_frame * ratio),
            end_frame=round(each.end_frame * ratio),
            label=each.label,
        )
        for each in claimed
    )


def of_seconds(spans: Sequence[tuple[float, float, str]], fps: float) -> Intervals:
    """Frames whose middle lies in a span: frame i is shown from i / fps on."""
    return tuple(
        Interval(
            start_frame=math.ceil(start * fps - 0.5),
            end_frame=math.ceil(end * fps - 0.5),
            label=label,
        )
        for start, end, label in spans
    )

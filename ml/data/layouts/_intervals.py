"""Which annotated intervals can be right, and a sentence for each that cannot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from ml.findings import Finding
from ml.records import Interval

Intervals = dict[str, tuple[Interval, ...]]


def check_intervals(
    claims: Mapping[str, Sequence[Interval]],
    *,
    source: str,
    names: Collection[str],
    n_frames: Mapping[str, int],
) -> tuple[Intervals, list[Finding]]:
    """The valid ones of each readable video, in order, and findings about all others."""
    valid: Intervals = {}
    findings: list[Finding] = []
    for name, intervals in claims.items():
        if name not in names:
            text = f"{source} annotates it, but there is no such video"
            findings.append(Finding(level="error", subject=name, text=text))
        elif name in n_frames:
            kept, faults = _check_one(intervals, n_frames[name])
            valid |= {name: kept} if kept else {}
            findings += [
                Finding(level="error", subject=name, text=f"{fault}; not stored ({source})")
                for fault in faults
            ]
    return valid, findings


def written(intervals: Iterable[Interval]) -> str:
    """As in the report: [0, 146) are the frames 0 to 145."""
    texts = [f"[{interval.start_frame}, {interval.end_frame})" for interval in intervals]
    return " ".join(texts) or "normal throughout"


def _check_one(
    intervals: Sequence[Interval], n_frames: int
) -> tuple[tuple[Interval, ...], list[str]]:
    kept: list[Interval] = []
    faults: list[str] = []
    for interval in sorted(intervals, key=lambda interval: interval.start_frame):
        fault = _fault(interval, kept, n_frames)
        if fault:
            faults.append(f"interval {written([interval])} {fault}")
        else:
            kept.append(interval)
    return tuple(kept), faults


def _fault(interval: Interval, kept: list[Interval], n_frames: int) -> str:
    if interval.end_frame <= interval.start_frame:
        return "ends before it starts"
    if interval.start_frame < 0:
        return "starts before the first frame"
    if interval.end_frame > n_frames:
        return f"ends past the last frame: the video has {n_frames} frames"
    if kept and interval.start_frame < kept[-1].end_frame:
        return f"overlaps {written(kept[-1:])}"
    return ""

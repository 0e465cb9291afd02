"""Intervals against a true frame count: what has to be changed so that they fit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ml.clock import Clock
from ml.data.truth.claims import Seconds
from ml.records import Interval

Intervals = tuple[Interval, ...]
FARTHEST = 10**15  # a file may have numbers that no clock can hold; all of them are past any end


def fitted(claimed: Iterable[Interval], n_frames: int) -> tuple[Intervals, list[str]]:
    """Sorted intervals inside the video, and the codes of the repairs that this took."""
    repairs: dict[str, None] = {}
    inside: list[Interval] = []
    for interval in _sorted(claimed):
        faults = _faults(interval, n_frames)
        repairs |= dict.fromkeys(faults)
        if not faults:
            inside.append(interval)
        elif (cut := _cut(interval, n_frames)) is not None:
            inside.append(cut)
    merged = _merged(inside)
    if len(merged) < len(inside):
        repairs["merge_overlaps"] = None
    return tuple(merged), list(repairs)


def unfit(claimed: Iterable[Interval], n_frames: int) -> tuple[Intervals, list[str]]:
    """The intervals that fit as they are, and a sentence about each of the others."""
    kept: list[Interval] = []
    sentences: list[str] = []
    for interval in _sorted(claimed):
        faults = _faults(interval, n_frames)
        if faults:
            sentences.append(
                f"interval {span(interval)} {_sentence(interval, faults[0], n_frames)}"
            )
        elif kept and interval.start_frame < kept[-1].end_frame:
            sentences.append(f"interval {span(interval)} overlaps {span(kept[-1])}")
        else:
            kept.append(interval)
    return tuple(kept), sentences


def written(intervals: Sequence[Interval], n_shown: int = 4) -> str:
    """As [0, 146) for the frames 0 to 145."""
    texts = [span(each) for each in intervals[:n_shown]]
    if len(intervals) > n_shown:
        texts.append(f"and {len(intervals) - n_shown} more")
    return " ".join(texts) or "normal throughout"


def span(interval: Interval) -> str:
    return f"[{interval.start_frame}, {interval.end_frame})"


def of_seconds(spans: Sequence[Seconds], clock: Clock) -> Intervals:
    """The frames whose middle lies in each span, by the clock that a player shows."""
    if not spans:
        return ()
    frames = clock.frame_at([edge for start, end, _label in spans for edge in (start, end)])
    edges = frames.reshape(-1, 2).tolist()
    return tuple(
        Interval(start_frame=start, end_frame=end, label=label)
        for (start, end), (_start, _end, label) in zip(edges, spans, strict=True)
    )


def resampled(claimed: Sequence[Interval], rate: float, clock: Clock) -> Intervals:
    """Frames counted at `rate` per second, to the frames that are shown at those times."""
    return of_seconds(
        [
            (_near(each.start_frame) / rate, _near(each.end_frame) / rate, each.label)
            for each in claimed
        ],
        clock,
    )


def _near(frame: int) -> int:
    return max(-FARTHEST, min(frame, FARTHEST))


def _sorted(claimed: Iterable[Interval]) -> list[Interval]:
    return sorted(claimed, key=lambda each: (each.start_frame, each.end_frame))


def _cut(interval: Interval, n_frames: int) -> Interval | None:
    start, end = max(interval.start_frame, 0), min(interval.end_frame, n_frames)
    if start >= end:
        return None
    return Interval(start_frame=start, end_frame=end, label=interval.label)


def _sentence(interval: Interval, fault: str, n_frames: int) -> str:
    if interval.start_frame == interval.end_frame:
        return "holds no frame"
    return SENTENCES[fault].format(n_frames)


SENTENCES = {
    "drop_empty": "ends before it starts",
    "drop_past_end": "begins after the last frame: the video has {} frames",
    "drop_before_first": "ends before the first frame",
    "start_at_first": "starts before the first frame",
    "clip_to_end": "ends past the last frame: the video has {} frames",
}


def _faults(interval: Interval, n_frames: int) -> Sequence[str]:
    start, end = interval.start_frame, interval.end_frame
    if 0 <= start < end <= n_frames:
        return ()
    if start >= n_frames:
        return ("drop_past_end",)
    if start >= end:
        return ("drop_empty",)
    if end <= 0:
        return ("drop_before_first",)
    return tuple(_ends(start, end, n_frames))


def _ends(start: int, end: int, n_frames: int) -> Iterator[str]:
    if start < 0:
        yield "start_at_first"
    if end > n_frames:
        yield "clip_to_end"


def _merged(intervals: Sequence[Interval]) -> list[Interval]:
    """Those that share frames become one with the first label; those that only touch stay two."""
    merged: list[Interval] = []
    for interval in intervals:
        last = merged[-1] if merged else None
        if last is None or interval.start_frame >= last.end_frame:
            merged.append(interval)
        elif interval.end_frame > last.end_frame:
            merged[-1] = Interval(
                start_frame=last.start_frame, end_frame=interval.end_frame, label=last.label
            )
    return merged

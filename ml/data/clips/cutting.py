"""Which stretches of a video are clips: to learn from, each with its label, and to score."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ml.clock import Clock
from ml.normal import ABNORMAL, NORMAL, canonical_label
from ml.records import Box, Interval, VideoRecord
from ml.supervision import is_abnormal

SHORTEST_REST = 1.0  # seconds: the papers' clips last from one second on


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Frames `start_frame` up to but not including `end_frame`, in `box` or the whole picture.

    `label` is `normal` or what is there.
    """

    start_frame: int
    end_frame: int
    label: str = ""
    box: Box | None = None

    @property
    def n_frames(self) -> int:
        return self.end_frame - self.start_frame


def labelled_clips(video: VideoRecord, clock: Clock, longest: float) -> list[Clip]:
    """Those of a training video, in their order, none longer than `longest` seconds.

    Its regions, where it has some. Else its intervals, and as normal ones what is left between
    them, from one second on. A video without any is one stretch by itself, with its label. Longer
    stretches are cut into as few even parts as will do.
    """
    if video.regions:
        stretches = _regions(video)
    elif video.intervals:
        stretches = [*_marked(video), *_rests(video.intervals, clock)]
    else:
        stretches = [Clip(start_frame=0, end_frame=clock.n_frames, label=video.label or NORMAL)]
    parts = [part for stretch in stretches for part in _parts(stretch, clock, longest)]
    return sorted(parts, key=lambda clip: (clip.start_frame, clip.end_frame))


def windows(clock: Clock, start: int, end: int, seconds: float, stride: float) -> list[Clip]:
    """What is scored of the frames `start` to `end`: all of them at once, or windows of `seconds`.

    Windows begin every `stride` seconds, at most as long as they are, so that no frame is in none,
    and the last one ends with the frames. Half a frame more than a window is none.
    """
    first, last = float(clock.seconds_at(start)), float(clock.gone_at(end))
    if last - first <= seconds + clock.frame_seconds / 2:
        return [Clip(start_frame=start, end_frame=end)]
    step = min(stride, seconds)
    begins = np.append(np.arange(first, last - seconds, step), last - seconds)
    starts = np.clip(clock.frame_at(begins), start, end - 1)
    ends = np.clip(clock.frame_at(begins + seconds), starts + 1, end)
    found = dict.fromkeys(zip(starts.tolist(), ends.tolist(), strict=True))
    return [Clip(start_frame=one, end_frame=other) for one, other in found]


def _regions(video: VideoRecord) -> list[Clip]:
    return [
        Clip(
            start_frame=region.start_frame,
            end_frame=region.end_frame,
            label=canonical_label(region.label) or _label_of(video, region.start_frame,
                                                             region.end_frame),
            box=region.box,
        )
        for region in video.regions
    ]  # fmt: skip


def _label_of(video: VideoRecord, start: int, end: int) -> str:
    """Of the interval that shares most frames with these, at least half of them; else normal."""
    if not video.intervals:
        return video.label or NORMAL
    shared, interval = max(
        ((min(each.end_frame, end) - max(each.start_frame, start), each)
         for each in video.intervals), key=lambda pair: pair[0],
    )  # fmt: skip
    return _named(video, interval) if 2 * shared >= end - start else NORMAL


def _marked(video: VideoRecord) -> Iterator[Clip]:
    for each in video.intervals:
        yield Clip(
            start_frame=each.start_frame, end_frame=each.end_frame, label=_named(video, each)
        )


def _named(video: VideoRecord, interval: Interval) -> str:
    return interval.label or (video.label if is_abnormal(video) else "") or ABNORMAL


def _rests(intervals: Sequence[Interval], clock: Clock) -> Iterator[Clip]:
    """Between the intervals, which may overlap."""
    edge = 0
    ends = sorted((each.start_frame, each.end_frame) for each in intervals)
    for start, end in [*ends, (clock.n_frames, clock.n_frames)]:
        if edge < start and float(clock.gone_at(start) - clock.seconds_at(edge)) >= SHORTEST_REST:
            yield Clip(start_frame=edge, end_frame=start, label=NORMAL)
        edge = max(edge, end)


def _parts(stretch: Clip, clock: Clock, longest: float) -> Iterable[Clip]:
    seconds = float(clock.gone_at(stretch.end_frame) - clock.seconds_at(stretch.start_frame))
    n_parts = max(1, math.ceil((seconds - clock.frame_seconds / 2) / longest))
    bounds = np.linspace(stretch.start_frame, stretch.end_frame, n_parts + 1).astype(int).tolist()
    return (
        Clip(start_frame=start, end_frame=end, label=stretch.label, box=stretch.box)
        for start, end in pairwise(bounds)
        if start < end
    )

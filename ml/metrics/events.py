"""Alarms and events: runs of frames are counted, not frames.

Runs of frames that score at least the threshold, at most `merge_gap` frames apart, are one
alarm; then an alarm of fewer than `hold` frames is none. An alarm is *raised* as soon as that
can be known: at its first alarmed frame by which it has lasted `hold` frames, so that delays
are those of a live system.

With `iou` above 0 alarms and events are matched one to one, as many pairs as possible among
those whose intersection over union is at least that much. With 0, an event is found by any
alarm that touches it, and every alarm that touches one counts as matched. A *false* alarm
touches no event, whatever `iou` is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.metrics.ranking import Floats

SPACE = 1 << 32  # frames that each video has on the common axis, more than any can hold
SECONDS_PER_HOUR = 3_600

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class AlarmRule:
    """`merge_gap` and `hold` in frames, for all videos or (V,) one per video; `iou` 0…1."""

    merge_gap: int | Ints = 0
    hold: int | Ints = 0
    iou: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Videos on one axis: frame f of video v lies at v × SPACE + f.

    `starts` (S,) and `scores` (S,) are runs of equal score; NaN is no score, and a run of it
    ends each video. Events (E,) are half open and do not touch. `n_frames`, `fps` are (V,).
    """

    starts: Ints
    scores: Floats
    event_starts: Ints
    event_ends: Ints
    n_frames: Ints
    fps: Floats

    @property
    def event_videos(self) -> Ints:
        return self.event_starts // SPACE

    @property
    def hours(self) -> Floats:
        """(V,) lengths."""
        return self.n_frames / self.fps / SECONDS_PER_HOUR


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """(A,) half-open spans and where each is raised."""

    starts: Ints
    ends: Ints
    raised: Ints


@dataclass(frozen=True, kw_only=True)
class EventCounts:
    """Arrays of one shape: thresholds, videos or replicates. A share of nothing is NaN."""

    n_events: Floats
    n_found: Floats
    n_alarms: Floats
    n_matched: Floats
    n_false: Floats
    hours: Floats
    delay_frames: Floats  # summed over the found events
    delay_seconds: Floats

    @property
    def precision(self) -> Floats:
        return _share(self.n_matched, self.n_alarms)

    @property
    def recall(self) -> Floats:
        return _share(self.n_found, self.n_events)

    @property
    def f1(self) -> Floats:
        """Harmonic mean of precision and recall: 0 where nothing is matched."""
        both = np.nan_to_num(self.precision) + np.nan_to_num(self.recall)
        product = 2 * np.nan_to_num(self.precision) * np.nan_to_num(self.recall)
        f1 = np.divide(product, both, out=np.zeros_like(both), where=both > 0)
        return np.where(self.n_events + self.n_alarms > 0, f1, np.nan)

    @property
    def false_alarms_per_hour(self) -> Floats:
        return _share(self.n_false, self.hours)

    @property
    def mean_delay_frames(self) -> Floats:
        """From the start of a found event to its alarm; 0 where that was raised before."""
        return _share(self.delay_frames, self.n_found)

    @property
    def mean_delay_seconds(self) -> Floats:
        return _share(self.delay_seconds, self.n_found)


@dataclass(frozen=True, kw_only=True)
class Detection:
    """What one threshold does. `alarm_of` (E,) is the alarm that found each event, or -1."""

    timeline: Timeline
    alarms: Alarms
    alarm_of: Ints
    is_matched: NDArray[np.bool_]  # (A,)
    is_false: NDArray[np.bool_]  # (A,)

    @property
    def is_found(self) -> NDArray[np.bool_]:
        return self.alarm_of >= 0

    @property
    def alarm_videos(self) -> Ints:
        return self.alarms.starts // SPACE

    def delays(self) -> tuple[Floats, Floats]:
        """(E,) frames and seconds from the start of each event to its alarm; NaN if missed."""
        frames = np.full(len(self.alarm_of), np.nan)
        found = self.is_found
        raised = self.alarms.raised[self.alarm_of[found]]
        frames[found] = np.maximum(0, raised - self.timeline.event_starts[found])
        return frames, frames / self.timeline.fps[self.timeline.event_videos]

    def per_video(self) -> EventCounts:
        """Counts (V,) of each video."""
        n_videos = len(self.timeline.n_frames)
        by_event = self.timeline.event_videos
        frames, seconds = (np.nan_to_num(each) for each in self.delays())
        return EventCounts(
            n_events=_per(by_event, n_videos),
            n_found=_per(by_event, n_videos, self.is_found),
            n_alarms=_per(self.alarm_videos, n_videos),
            n_matched=_per(self.alarm_videos, n_videos, self.is_matched),
            n_false=_per(self.alarm_videos, n_videos, self.is_false),
            hours=self.timeline.hours,
            delay_frames=_per(by_event, n_videos, frames),
            delay_seconds=_per(by_event, n_videos, seconds),
        )

    def counts(self) -> EventCounts:
        """Of all videos together."""
        frames, seconds = (np.array(np.nansum(each)) for each in self.delays())
        return EventCounts(
            n_events=np.array(float(len(self.alarm_of))),
            n_found=np.array(float(self.is_found.sum())),
            n_alarms=np.array(float(len(self.is_false))),
            n_matched=np.array(float(self.is_matched.sum())),
            n_false=np.array(float(self.is_false.sum())),
            hours=np.array(self.timeline.hours.sum()),
            delay_frames=frames,
            delay_seconds=seconds,
        )


def timeline(
    labels_by_video: Sequence[ArrayLike],
    scores_by_video: Sequence[ArrayLike],
    fps: ArrayLike,
) -> Timeline:
    """Of one vector of labels (0 or 1) and one of scores (NaN: none) per video, by frame.

    `fps` is one number or one per video, NaN where unknown. An event is a run of label 1.
    Raises ValueError where lengths differ.
    """
    if len(labels_by_video) != len(scores_by_video):
        raise ValueError(f"labels of {len(labels_by_video)} and scores of {len(scores_by_video)}")
    labels = [np.asarray(each) for each in labels_by_video]
    n_frames = np.array([len(each) for each in labels], dtype=np.int64)
    scored = [_floats(each) for each in scores_by_video]
    if any(len(each) != n for each, n in zip(scored, n_frames, strict=True)):
        raise ValueError("a video has not as many labels as scores")
    starts, scores = _runs(_with_ends(scored, np.nan))
    edges, values = _runs(_with_ends(labels, 0))
    places = _places(n_frames)
    is_event = values == 1
    return Timeline(
        starts=places[starts],
        scores=scores.astype(np.float64),
        event_starts=places[edges[is_event]],
        event_ends=places[edges[np.flatnonzero(is_event) + 1]],
        n_frames=n_frames,
        fps=np.broadcast_to(np.asarray(fps, dtype=np.float64), n_frames.shape),
    )


def detect(timeline: Timeline, threshold: float, rule: AlarmRule) -> Detection:
    """Flag what scores at least `threshold`."""
    above = timeline.scores >= threshold  # NaN never is
    return _detection(timeline, timeline.starts, above, _per_video(rule, timeline), rule.iou)


def sweep(timeline: Timeline, thresholds: ArrayLike, rule: AlarmRule) -> EventCounts:
    """Counts (K,) of all videos together at (K,) thresholds in any order."""
    wanted = np.asarray(thresholds, dtype=np.float64)
    ascending = np.unique(wanted)
    starts, levels = _levels(timeline, ascending)
    limits = _per_video(rule, timeline)
    found = [
        _detection(timeline, starts, levels > level, limits, rule.iou).counts()
        for level in range(len(ascending))
    ]
    at = np.searchsorted(ascending, wanted)
    names = EventCounts.__dataclass_fields__
    return EventCounts(
        **{name: np.array([getattr(each, name) for each in found])[at] for name in names}
    )


def _levels(timeline: Timeline, ascending: Floats) -> tuple[Ints, NDArray[np.int16]]:
    """Runs of how many thresholds are reached: neighbours that no threshold parts are one."""
    levels = np.searchsorted(ascending, timeline.scores, side="right").astype(np.int16)
    levels[np.isnan(timeline.scores)] = 0
    is_new = np.ones(len(levels), dtype=np.bool_)
    is_new[1:] = levels[1:] != levels[:-1]
    return timeline.starts[is_new], levels[is_new]


def _per_video(rule: AlarmRule, timeline: Timeline) -> tuple[Ints, Ints]:
    shape = timeline.n_frames.shape
    gap, hold = np.asarray(rule.merge_gap, np.int64), np.asarray(rule.hold, np.int64)
    return np.broadcast_to(gap, shape), np.broadcast_to(hold, shape)


def _detection(
    timeline: Timeline,
    starts: Ints,
    above: NDArray[np.bool_],
    limits: tuple[Ints, Ints],
    iou: float,
) -> Detection:
    edges = np.flatnonzero(above[1:] != above[:-1]) + 1
    if len(above) and above[0]:
        edges = np.concatenate([[0], edges])
    alarms = _alarms(starts[edges[::2]], starts[edges[1::2]], *limits)
    # The events that each alarm touches are neighbours.
    first = np.searchsorted(timeline.event_ends, alarms.starts, side="right")
    end = np.searchsorted(timeline.event_starts, alarms.ends, side="left")
    n_touched = np.maximum(0, end - first)
    alarm_of, is_matched = _matched(timeline, alarms, first, n_touched, iou)
    return Detection(
        timeline=timeline,
        alarms=alarms,
        alarm_of=alarm_of,
        is_matched=is_matched,
        is_false=n_touched == 0,
    )


def _alarms(starts: Ints, ends: Ints, gaps: Ints, holds: Ints) -> Alarms:
    """Of runs (R,) above the threshold. Videos lie farther apart than any gap."""
    if not len(starts):
        return Alarms(starts=starts, ends=ends, raised=starts)
    is_new = np.ones(len(starts), dtype=np.bool_)
    is_new[1:] = starts[1:] - ends[:-1] > gaps[starts[1:] // SPACE]
    first = np.flatnonzero(is_new)
    merged, merged_ends = starts[first], ends[np.append(first[1:], len(starts)) - 1]
    hold = holds[merged // SPACE]
    kept = merged_ends - merged >= hold
    due = (merged + np.maximum(hold, 1) - 1)[kept]
    raised = np.maximum(due, starts[np.searchsorted(ends, due, side="right")])
    return Alarms(starts=merged[kept], ends=merged_ends[kept], raised=raised)


def _matched(
    timeline: Timeline, alarms: Alarms, first: Ints, n_touched: Ints, iou: float
) -> tuple[Ints, NDArray[np.bool_]]:
    """(E,) the alarm of each event or -1, and (A,) whether an alarm found any."""
    alarm_of = np.full(len(timeline.event_starts), -1, dtype=np.int64)
    alarm = np.repeat(np.arange(len(n_touched)), n_touched)
    before = np.cumsum(n_touched) - n_touched
    event = first[alarm] + np.arange(len(alarm)) - before[alarm]
    if iou > 0:
        close = _iou(timeline, alarms, event, alarm) >= iou
        event, alarm = event[close], alarm[close]
        chosen = _one_to_one(event, alarm)
        event, alarm = event[chosen], alarm[chosen]
    alarm_of[event[::-1]] = alarm[::-1]  # the earliest alarm is written last
    is_matched = np.zeros(len(n_touched), dtype=np.bool_)
    is_matched[alarm] = True
    return alarm_of, is_matched


def _iou(timeline: Timeline, alarms: Alarms, event: Ints, alarm: Ints) -> Floats:
    starts, ends = timeline.event_starts[event], timeline.event_ends[event]
    shared = np.minimum(ends, alarms.ends[alarm]) - np.maximum(starts, alarms.starts[alarm])
    both = np.maximum(ends, alarms.ends[alarm]) - np.minimum(starts, alarms.starts[alarm])
    return shared / both  # they touch, so what lies between first start and last end is the union


def _one_to_one(event: Ints, alarm: Ints) -> Ints:
    """Indices of a largest set of pairs without a common event or alarm, the earliest one.

    Neither events nor alarms overlap each other, so both rise along the pairs, and pairs
    that exclude the first one exclude each other: to take the first is never worse.
    """
    follows = np.maximum(
        np.searchsorted(event, event, side="right"), np.searchsorted(alarm, alarm, side="right")
    )
    if np.array_equal(follows, np.arange(1, len(event) + 1)):
        return np.arange(len(event))
    chosen, at = [], 0
    steps = follows.tolist()
    while at < len(steps):
        chosen.append(at)
        at = steps[at]
    return np.array(chosen, dtype=np.int64)


def _floats(values: ArrayLike) -> NDArray[Any]:
    array = np.asarray(values)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _with_ends(vectors: Sequence[NDArray[Any]], end: float) -> NDArray[Any]:
    """All in one row, each followed by the value `end`."""
    parts = [part for vector in vectors for part in (vector, np.array([end], vector.dtype))]
    return np.concatenate(parts) if parts else np.zeros(0)


def _runs(values: NDArray[Any]) -> tuple[Ints, NDArray[Any]]:
    """Index and value of the first of each run; what NaN parts is not joined."""
    is_new = np.ones(len(values), dtype=np.bool_)
    is_new[1:] = (values[1:] != values[:-1]) & ~(np.isnan(values[1:]) & np.isnan(values[:-1]))
    starts = np.flatnonzero(is_new)
    return starts, values[starts]


def _places(n_frames: Ints) -> Ints:
    """Positions on the common axis of all frames, and of the end of each video."""
    lengths = n_frames + 1
    videos = np.repeat(np.arange(len(n_frames), dtype=np.int64), lengths)
    frames = np.arange(lengths.sum(), dtype=np.int64) - np.repeat(
        np.cumsum(lengths) - lengths, lengths
    )
    return videos * SPACE + frames


def _per(videos: Ints, n_videos: int, weights: NDArray[Any] | None = None) -> Floats:
    return np.bincount(videos, weights, n_videos).astype(np.float64)


def _share(part: Floats, whole: Floats) -> Floats:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0)

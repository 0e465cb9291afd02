"""Alarms and events: runs of frames are counted, not frames.

Runs of frames that score at least the threshold, at most `merge_gap` apart, are one alarm; then
an alarm that is shorter than `hold` is none. An alarm is *raised* as soon as that can be known:
at its first alarmed frame by which it has lasted as long as `hold`, so that delays are those of
a live system.

Seconds go by the clock of each video. A frame lasts until the next one is shown, and the last
before a pause in the recording (see `ml.clock.Clock.pauses`) for as long as frames usually do,
so that nobody's alarm goes on while nothing is recorded. Frames that follow each other without
a pause are one run, however unevenly they come. A rule in seconds parts a run at each pause
that is longer than its merge gap: of alarmed frames [90, 110) with 60 s between 99 and 100,
[90, 100) is one alarm and [100, 110) another. A rule in frames counts frames and knows no pause.

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

from ml.clock import Clock
from ml.metrics.clocks import ROUNDING, SPACE, Clocks, Ints
from ml.metrics.ranking import Floats

WHOLE = 1e-9  # frames: a second at 25 frames a second is 25 frames, not 26


@dataclass(frozen=True, kw_only=True)
class AlarmRule:
    """`merge_gap` and `hold` in frames, for all videos or (V,) one per video, or in seconds.

    Seconds of a video whose clock is not known are no frames. `iou` is 0…1.
    """

    merge_gap: float | Ints = 0
    hold: float | Ints = 0
    iou: float = 0.0
    in_seconds: bool = False


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """Videos on one axis: frame f of video v lies at v × SPACE + f.

    `starts` (S,) and `scores` (S,) are runs of equal score; NaN is no score, and a run of it
    ends each video. Events (E,) are half open and do not touch. `n_frames` is (V,).
    """

    starts: Ints
    scores: Floats
    event_starts: Ints
    event_ends: Ints
    n_frames: Ints
    clocks: Clocks

    @property
    def event_videos(self) -> Ints:
        return self.event_starts // SPACE

    @property
    def hours(self) -> Floats:
        """(V,) for which the frames of each video are shown."""
        return self.clocks.hours


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
        frames, seconds = np.full((2, len(self.alarm_of)), np.nan)
        found = self.is_found
        starts = self.timeline.event_starts[found]
        raised = np.maximum(starts, self.alarms.raised[self.alarm_of[found]])
        frames[found] = raised - starts
        seconds[found] = self.timeline.clocks.between(starts, raised)
        return frames, seconds

    def per_video(self) -> EventCounts:
        """Counts (V,) of each video."""
        n_videos = len(self.timeline.n_frames)
        by_event = self.timeline.event_videos
        frames, seconds = (np.where(self.is_found, each, 0.0) for each in self.delays())
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
        frames, seconds = (
            np.array(np.where(self.is_found, each, 0.0).sum()) for each in self.delays()
        )
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
    clocks: Sequence[Clock | None],
) -> Timeline:
    """Of one vector of labels (0 or 1) and one of scores (NaN: none) per video, by frame.

    So with `clocks`, None where nothing is known of a video's seconds. An event is a run of
    label 1. Raises ValueError where lengths differ.
    """
    if len(labels_by_video) != len(scores_by_video):
        raise ValueError(f"labels of {len(labels_by_video)} and scores of {len(scores_by_video)}")
    labels = [np.asarray(each) for each in labels_by_video]
    n_frames = np.array([len(each) for each in labels], dtype=np.int64)
    scored = [_floats(each) for each in scores_by_video]
    if any(len(each) != n for each, n in zip(scored, n_frames, strict=True)):
        raise ValueError("a video has not as many labels as scores")
    if any(each and each.n_frames != n for each, n in zip(clocks, n_frames, strict=True)):
        raise ValueError("the clock of a video is that of another number of frames")
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
        clocks=Clocks.of(clocks),
    )


def detect(timeline: Timeline, threshold: float, rule: AlarmRule) -> Detection:
    """Flag what scores at least `threshold`."""
    above = timeline.scores >= threshold  # NaN never is
    return _detection(timeline, timeline.starts, above, _limits(rule, timeline), rule.iou)


def sweep(timeline: Timeline, thresholds: ArrayLike, rule: AlarmRule) -> EventCounts:
    """Counts (K,) of all videos together at (K,) thresholds in any order."""
    wanted = np.asarray(thresholds, dtype=np.float64)
    ascending = np.unique(wanted)
    starts, levels = _levels(timeline, ascending)
    limits = _limits(rule, timeline)
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


@dataclass(frozen=True, kw_only=True)
class _Limits:
    """`gaps` and `holds` (V,) in frames, and, for videos with times of their own, in seconds.

    `by_times` is whether the seconds are of use: the rule is in them, and there are such videos.
    """

    gaps: Ints
    holds: Ints
    gap_seconds: float = 0.0
    hold_seconds: float = 0.0
    by_times: bool = False


def _limits(rule: AlarmRule, timeline: Timeline) -> _Limits:
    if rule.in_seconds:
        return _in_seconds(float(rule.merge_gap), float(rule.hold), timeline.clocks)
    shape = timeline.n_frames.shape
    gap, hold = np.asarray(rule.merge_gap, np.int64), np.asarray(rule.hold, np.int64)
    return _Limits(gaps=np.broadcast_to(gap, shape), holds=np.broadcast_to(hold, shape))


def _in_seconds(gap: float, hold: float, clocks: Clocks) -> _Limits:
    """Whole frames of videos of one rate: no gap is longer, no hold shorter than the seconds."""
    rates = np.nan_to_num(clocks.rates)
    return _Limits(
        gaps=np.floor(gap * rates + WHOLE).astype(np.int64),
        holds=np.ceil(hold * rates - WHOLE).astype(np.int64),
        gap_seconds=gap,
        hold_seconds=hold,
        by_times=clocks.have_times,
    )


def _detection(
    timeline: Timeline,
    starts: Ints,
    above: NDArray[np.bool_],
    limits: _Limits,
    iou: float,
) -> Detection:
    edges = np.flatnonzero(above[1:] != above[:-1]) + 1
    if len(above) and above[0]:
        edges = np.concatenate([[0], edges])
    alarms = _alarms(starts[edges[::2]], starts[edges[1::2]], limits, timeline.clocks)
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


def _alarms(starts: Ints, ends: Ints, limits: _Limits, clocks: Clocks) -> Alarms:
    """Of runs (R,) above the threshold."""
    if not len(starts):
        return Alarms(starts=starts, ends=ends, raised=starts)
    if limits.by_times:
        starts, ends = clocks.parted(starts, ends)
    is_new = np.append(True, _are_apart(ends[:-1], starts[1:], limits, clocks))
    first = np.flatnonzero(is_new)
    merged, merged_ends = starts[first], ends[np.append(first[1:], len(starts)) - 1]
    kept = _are_held(merged, merged_ends, limits, clocks)
    merged, merged_ends = merged[kept], merged_ends[kept]
    due = _due(merged, merged_ends, limits, clocks)
    raised = np.maximum(due, starts[np.searchsorted(ends, due, side="right")])
    return Alarms(starts=merged, ends=merged_ends, raised=raised)


def _are_apart(ends: Ints, starts: Ints, limits: _Limits, clocks: Clocks) -> NDArray[np.bool_]:
    """Whether runs that start at `starts` are more than the gap after those before them.

    Videos lie farther apart on the axis than any gap.
    """
    apart = starts - ends > limits.gaps[starts // SPACE]
    if limits.by_times:
        own = clocks.has_times(starts) & (starts // SPACE == ends // SPACE)
        apart[own] = clocks.apart(ends[own], starts[own]) > limits.gap_seconds + ROUNDING
    return apart


def _are_held(starts: Ints, ends: Ints, limits: _Limits, clocks: Clocks) -> NDArray[np.bool_]:
    held = ends - starts >= limits.holds[starts // SPACE]
    if limits.by_times:
        own = clocks.has_times(starts)
        held[own] = clocks.lasted(starts[own], ends[own]) >= limits.hold_seconds - ROUNDING
    return held


def _due(starts: Ints, ends: Ints, limits: _Limits, clocks: Clocks) -> Ints:
    """The first frame of each alarm by which it has lasted as long as the hold."""
    due = starts + np.maximum(limits.holds[starts // SPACE], 1) - 1
    if limits.by_times:
        own = clocks.has_times(starts)
        due[own] = clocks.first_to_last(starts[own], ends[own], limits.hold_seconds)
    return due


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

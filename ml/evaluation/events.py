"""Alarms against events under a protocol: the numbers of level event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.evaluation.frames import Floats, ScoredVideo, placed_frames
from ml.evaluation.settings import Settings

NAMES = {
    "event_f1": "f1",
    "event_recall": "recall",
    "event_precision": "precision",
    "false_alarms_per_hour": "false_alarms_per_hour",
    "detection_delay": "mean_delay_seconds",
}
SAMPLE = 100_000  # scores from which thresholds to try are taken
# By which thresholds are explored unless somebody wishes otherwise.
EXPLORED = metrics.AlarmRule(merge_gap=1.0, in_seconds=True)
SWEPT = ("recall", "precision", "f1", "false_alarms_per_hour")


@dataclass(frozen=True, kw_only=True)
class EventNumbers:
    """`values` and `by_video` (V,), what they are shares of, at the first of the thresholds."""

    values: dict[str, float | None]
    by_video: metrics.EventCounts
    summaries: list[dict[str, Any]]  # one per threshold

    def replicates(self, counts: NDArray[Any]) -> dict[str, Floats]:
        """(R,) numbers of the videos repeated `counts` (R, V) times; the threshold stands."""
        each = self.by_video
        drawn = metrics.EventCounts(
            **{name: counts @ getattr(each, name) for name in each.__dataclass_fields__}
        )
        return {name: getattr(drawn, attribute) for name, attribute in NAMES.items()}

    def beside(self, thresholds: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each threshold's numbers with those of its events."""
        both = zip(thresholds, self.summaries, strict=True)
        return [numbers | {"events": summary} for numbers, summary in both]


def timeline_of(placed: Sequence[ScoredVideo], drop_first: int = 0) -> metrics.Timeline:
    """What happens in the first `drop_first` frames of a video is no event."""
    labels = [video.labels.copy() for video in placed]
    for each in labels:
        each[:drop_first] = 0
    scores = [video.scores for video in placed]
    return metrics.timeline(labels, scores, [video.clock for video in placed])


def raw_timeline(videos: Sequence[ScoredVideo]) -> metrics.Timeline:
    """Scores as they are; a frame without one takes the nearest, as in the default protocol."""
    return timeline_of(placed_frames(videos, Settings()))


def sweep_of(
    line: metrics.Timeline, rule: metrics.AlarmRule, n: int = 120
) -> dict[str, list[float | None]]:
    """`thresholds`, at most 2n of them and rising, and the numbers of SWEPT; None: undefined."""
    tried = thresholds_to_try(line, n)
    swept = metrics.sweep(line, tried, rule)
    columns = {name: [number(each) for each in getattr(swept, name)] for name in SWEPT}
    return {"thresholds": tried.tolist(), **columns}


def event_numbers(
    videos: Sequence[ScoredVideo], settings: Settings, thresholds: Sequence[float]
) -> EventNumbers | None:
    """None at another level, and without a threshold; the first leads."""
    if settings.level != "event" or not thresholds:
        return None
    line = timeline_of(placed_frames(videos, settings), settings.drop_first)
    rule = metrics.AlarmRule(
        merge_gap=settings.merge_gap_seconds,
        hold=settings.hold_seconds,
        iou=settings.iou,
        in_seconds=True,
    )
    found = [metrics.detect(line, threshold, rule) for threshold in thresholds]
    counts = found[0].counts()
    return EventNumbers(
        values={name: number(getattr(counts, each)) for name, each in NAMES.items()},
        by_video=found[0].per_video(),
        summaries=[summary_of(each) for each in found],
    )


def summary_of(found: metrics.Detection) -> dict[str, Any]:
    """Every number of one threshold as JSON values; null where undefined."""
    counts = found.counts()
    frames, seconds = found.delays()
    return {
        "n_events": int(counts.n_events),
        "n_found_events": int(counts.n_found),
        "n_alarms": int(counts.n_alarms),
        "n_matched_alarms": int(counts.n_matched),
        "n_false_alarms": int(counts.n_false),
        "hours": number(counts.hours),
        "precision": number(counts.precision),
        "recall": number(counts.recall),
        "f1": number(counts.f1),
        "false_alarms_per_hour": number(counts.false_alarms_per_hour),
        "mean_delay_frames": number(counts.mean_delay_frames),
        "median_delay_frames": _median(frames[found.is_found]),
        "mean_delay_seconds": number(counts.mean_delay_seconds),
        "median_delay_seconds": _median(seconds[found.is_found]),
    }


def number(value: Any) -> float | None:
    return None if np.isnan(value) else float(value)


def _median(delays: Floats) -> float | None:
    """None where there is none, and where one of them is not known."""
    return number(np.median(delays)) if len(delays) else None


def thresholds_to_try(line: metrics.Timeline, n: int) -> Floats:
    """At most 2n scores, ascending: evenly spread over all, and over the highest of each video.

    The second half decides where alarms are few.
    """
    scores = line.scores[~np.isnan(line.scores)]
    if not len(scores):
        return scores
    videos = (line.starts // metrics.SPACE)[~np.isnan(line.scores)]
    first = np.flatnonzero(np.diff(videos, prepend=-1))
    highest = np.maximum.reduceat(scores, first)
    shares = np.linspace(0, 1, n)
    sample = scores[:: max(1, len(scores) // SAMPLE)]
    chosen = [np.quantile(each, shares, method="nearest") for each in (sample, highest)]
    return np.union1d(*chosen)

"""Thresholds: chosen on validation scores where there are some, and what they flag in the test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ml import metrics
from ml.evaluation.frames import Floats, ScoredVideo, counted_frames
from ml.evaluation.intervals import drawn_counts
from ml.evaluation.settings import Settings
from ml.metrics.curves import THRESHOLD_METRICS

FALSE_ALARM_RATE = 0.01  # share of normal validation frames that may alarm

Rule = Literal["fixed", "equal_error", "best_f1", "normal_quantile"]


@dataclass(frozen=True, kw_only=True)
class Frames:
    """The frames that count of each video, as segments, and ranked."""

    counted: Sequence[ScoredVideo]
    items: metrics.Segments
    ranking: metrics.Ranking


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A score from which on a frame is flagged, and how it was found."""

    value: float
    rule: Rule
    selected_on: Literal["fixed", "validation", "test"]
    chosen_from: dict[str, int]

    def to_json(self) -> dict[str, Any]:
        found = {
            "threshold": self.value,
            "rule": self.rule,
            "selected_on": self.selected_on,
            "chosen_from": self.chosen_from,
        }
        is_quantile = self.rule == "normal_quantile"
        return found | ({"target": FALSE_ALARM_RATE} if is_quantile else {})


def at_thresholds(
    frames: Frames,
    *,
    tested: Sequence[ScoredVideo],
    validation: Sequence[ScoredVideo],
    settings: Settings,
) -> list[dict[str, Any]]:
    """The numbers at each threshold: the protocol's own, those chosen on validation, then on test.

    `frames` are those of the `tested` videos that count.
    """
    held_out = counted_validation(validation, tested, settings)
    chosen = [*_fixed(settings), *_on_validation(held_out), *_on_test(frames)]
    has_peaks = settings.normalisation != "per_video"
    return [each.to_json() | _numbers(each.value, frames, has_peaks) for each in chosen]


def counted_validation(
    validation: Sequence[ScoredVideo], tested: Sequence[ScoredVideo], settings: Settings
) -> list[ScoredVideo]:
    """The validation frames that count, on the scale of the test frames that count.

    Under `test_set` they are stretched by the range of the test scores. Both move together
    then, so that the test decides how the threshold is written and not what it flags.
    """
    if settings.normalisation != "test_set":
        return counted_frames(validation, settings)
    raw = replace(settings, normalisation="none")
    scale = _Scale.of(counted_frames(tested, raw))
    return [
        video.keep(np.ones(len(video.scores), np.bool_), scale(video.scores))
        for video in counted_frames(validation, raw)
    ]


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float

    @classmethod
    def of(cls, videos: Sequence[ScoredVideo]) -> _Scale:
        filled = [video.scores for video in videos if len(video.scores)]
        if not filled:
            return cls(0.0, 0.0)
        return cls(float(min(map(np.min, filled))), float(max(map(np.max, filled))))

    def __call__(self, scores: np.ndarray[Any, Any]) -> Floats:
        width = self.high - self.low
        return (scores.astype(np.float64) - self.low) / (width or 1.0)


def _fixed(settings: Settings) -> Iterator[Threshold]:
    """The one that the protocol states, whatever the scores."""
    if settings.threshold is not None:
        yield Threshold(
            value=settings.threshold,
            rule="fixed",
            selected_on="fixed",
            chosen_from=_chosen_from([]),
        )


def _on_validation(held_out: Sequence[ScoredVideo]) -> Iterator[Threshold]:
    """By equal error and best F1 where there is something abnormal, else by false alarms."""
    ranking = metrics.segments(
        [video.labels for video in held_out], [video.scores for video in held_out]
    ).ranking()
    from_ = _chosen_from(held_out)
    if ranking.is_defined:
        rules: dict[Rule, float] = {
            "equal_error": metrics.equal_error_threshold(ranking),
            "best_f1": metrics.best_f1_threshold(ranking),
        }
    else:
        rules = {"normal_quantile": metrics.normal_quantile_threshold(ranking, FALSE_ALARM_RATE)}
    for rule, value in rules.items():
        if not np.isnan(value):
            yield Threshold(value=value, rule=rule, selected_on="validation", chosen_from=from_)


def _on_test(frames: Frames) -> Iterator[Threshold]:
    """Equal error on the very frames that it is judged by: what papers print."""
    value = metrics.equal_error_threshold(frames.ranking)
    if not np.isnan(value):
        from_ = _chosen_from(frames.counted)
        yield Threshold(value=value, rule="equal_error", selected_on="test", chosen_from=from_)


def _chosen_from(videos: Sequence[ScoredVideo]) -> dict[str, int]:
    return {
        "n_videos": len(videos),
        "n_frames": sum(len(video.labels) for video in videos),
        "n_abnormal_frames": sum(int(video.labels.sum()) for video in videos),
    }


def _numbers(threshold: float, frames: Frames, has_peaks: bool) -> dict[str, Any]:
    flagged = metrics.at_threshold(frames.ranking, threshold)
    found: dict[str, Any] = {name: or_none(getattr(flagged, name)) for name in THRESHOLD_METRICS}
    counts = drawn_counts(frames.counted)[1]
    drawn = metrics.bootstrap_at_threshold(frames.items, threshold, counts)
    intervals = {
        name: list(pair)
        for name, pair in drawn.items()
        if found[name] is not None and not np.isnan(pair).any()
    }
    clips = {"clips": _of_clips(threshold, frames.counted)} if has_peaks else {}
    return found | {"intervals": intervals} | clips


def _of_clips(threshold: float, counted: Sequence[ScoredVideo]) -> dict[str, Any]:
    """Whole videos called abnormal by their highest score; the share called right.

    Videos are drawn one by one, so Wilson's interval holds for them. For frames, which resemble
    their neighbours, it would be far too narrow. Stretched by itself each video would reach 1.
    """
    scored = [video for video in counted if len(video.scores)]
    calls = [(bool(video.scores.max() >= threshold), bool(video.labels.any())) for video in scored]
    n_right = sum(called == truth for called, truth in calls)
    interval = [or_none(end) for end in metrics.wilson(n_right, len(scored))]
    share = n_right / len(scored) if scored else None
    return {"accuracy": share, "n_right": n_right, "n": len(scored), "interval": interval}


def or_none(value: float) -> float | None:
    """JSON knows no NaN; undefined is null."""
    return None if np.isnan(value) else value

"""All numbers of one evaluation from the frames that count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from ml import metrics
from ml.evaluation.classes import per_class
from ml.evaluation.curves import pr_points, roc_points
from ml.evaluation.events import event_numbers
from ml.evaluation.frames import ScoredVideo, counted_frames
from ml.evaluation.intervals import Replicates, drawn_counts, replicate
from ml.evaluation.numbers import in_order
from ml.evaluation.settings import Settings
from ml.evaluation.thresholds import Frames, at_thresholds, or_none


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Numbers as an evaluation is stored: JSON values, null where undefined."""

    metrics: dict[str, float | None]
    intervals: dict[str, list[float]]
    replicates: Replicates
    counts: dict[str, int]
    per_video: list[dict[str, Any]]
    per_class: list[dict[str, Any]]
    thresholds: list[dict[str, Any]]
    roc: dict[str, list[float | None]]
    pr: dict[str, list[float | None]]

    def to_json(self) -> dict[str, Any]:
        """Without the replicates, which are an array."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        del values["replicates"]
        return values


def evaluate_videos(
    videos: Sequence[ScoredVideo], settings: Settings, validation: Sequence[ScoredVideo] = ()
) -> Outcome:
    """Everything that a protocol with these settings reports of one video or more.

    Scores of `validation` videos decide thresholds, and nothing else.
    """
    return next(evaluate_under(videos, [settings], validation))


def evaluate_under(
    videos: Sequence[ScoredVideo],
    protocols: Iterable[Settings],
    validation: Sequence[ScoredVideo] = (),
) -> Iterator[Outcome]:
    """As `evaluate_videos` under each of `protocols`, in their order.

    What several of them have in common, which is nearly all of the work, is computed once.
    """
    known: dict[Settings, Outcome] = {}
    is_scored = not any(np.isnan(video.scores).any() for video in (*videos, *validation))
    for settings in protocols:
        rule = _of_frames_alone(settings, is_scored)
        if rule not in known:
            known[rule] = _frame_numbers(videos, rule, validation)
        yield _with_events(known[rule], videos, settings)


def _of_frames_alone(settings: Settings, is_scored: bool) -> Settings:
    """Equal for protocols that give the same numbers of frames. `is_scored`: every frame is."""
    alone = replace(
        settings, level="frame", metric="auroc", merge_gap_seconds=0.0, hold_seconds=0.0, iou=0.0
    )
    return replace(alone, missing="nearest") if is_scored else alone


def _with_events(outcome: Outcome, videos: Sequence[ScoredVideo], settings: Settings) -> Outcome:
    events = event_numbers(videos, settings, [each["threshold"] for each in outcome.thresholds])
    if events is None:
        return outcome
    replicates = outcome.replicates.extended(events.replicates(drawn_counts(videos)[1]))
    return replace(
        outcome,
        metrics=outcome.metrics | events.values,
        intervals=replicates.intervals(),
        replicates=replicates,
        thresholds=events.beside(outcome.thresholds),
    )


def _frame_numbers(
    videos: Sequence[ScoredVideo], settings: Settings, validation: Sequence[ScoredVideo]
) -> Outcome:
    counted = counted_frames(videos, settings)
    items = metrics.segments(
        [video.labels for video in counted], [video.scores for video in counted]
    )
    ranking = items.ranking()
    by_video = _per_video(videos, counted, metrics.placements(items))
    replicates = replicate(
        counted,
        items,
        _macro_parts(counted, by_video, settings),
        has_peaks=settings.normalisation != "per_video",
    )
    thresholds = at_thresholds(
        Frames(counted=counted, items=items, ranking=ranking),
        tested=videos,
        validation=validation,
        settings=settings,
    )
    return Outcome(
        metrics={
            "auroc": or_none(ranking.auroc()),
            **{name: or_none(each.of_ranking(ranking)) for name, each in in_order().items()},
            "macro_auroc": _mean(_macro_parts(counted, by_video, settings)),
            "abnormal_auroc": _abnormal_auroc(counted),
            **_of_clips(counted, settings),
        },
        intervals=replicates.intervals(),
        replicates=replicates,
        counts=_counts(by_video),
        per_video=by_video,
        per_class=per_class(counted, drawn_counts(counted)[1]),
        thresholds=thresholds,
        roc=roc_points(ranking),
        pr=pr_points(ranking),
    )


def _counts(by_video: list[dict[str, Any]]) -> dict[str, int]:
    return {
        "n_videos": len(by_video),
        "n_frames": sum(each["n_frames"] for each in by_video),
        "n_abnormal_frames": sum(each["n_abnormal_frames"] for each in by_video),
        "n_frames_without_score": sum(each["n_frames_without_score"] for each in by_video),
        "n_undefined_videos": sum(each["auroc"] is None for each in by_video),
    }


def _per_video(
    videos: Sequence[ScoredVideo], counted: Sequence[ScoredVideo], placed: metrics.Placements
) -> list[dict[str, Any]]:
    """What each frame lacks to its full placement is its video's share of 1 - AUROC, half each."""
    abnormal, normal = placed.n_abnormal.sum(), placed.n_normal.sum()
    lost = np.full(len(counted), np.nan)
    if abnormal and normal:
        lost = (placed.n_abnormal - placed.abnormal) / abnormal / 2
        lost += (placed.n_normal - placed.normal) / normal / 2
    return [
        {
            "video_id": before.video_id,
            "auroc": or_none(metrics.auroc(after.labels, after.scores)),
            "n_frames": len(after.labels),
            "n_abnormal_frames": int(after.labels.sum()),
            "n_frames_without_score": int(np.isnan(before.scores).sum()),
            "highest": or_none(float(after.scores.max())) if len(after.scores) else None,
            "misordering": or_none(float(lost[i])),
            "abnormal_placements": float(placed.abnormal[i]),
            "normal_placements": float(placed.normal[i]),
        }
        for i, (before, after) in enumerate(zip(videos, counted, strict=True))
    ]


def _macro_parts(
    counted: Sequence[ScoredVideo], by_video: list[dict[str, Any]], settings: Settings
) -> list[float | None]:
    """The AUROC of each video. Padded, none is undefined, and each is better than it was."""
    if not settings.macro_padding:
        return [each["auroc"] for each in by_video]
    return [
        metrics.auroc(np.append(video.labels, [0, 1]), np.append(video.scores, [0.0, 1.0]))
        for video in counted
    ]


def _mean(aurocs: Sequence[float | None]) -> float | None:
    defined = [each for each in aurocs if each is not None]
    return float(np.mean(defined)) if defined else None


def _abnormal_auroc(counted: Sequence[ScoredVideo]) -> float | None:
    abnormal = [video for video in counted if video.labels.any()]
    if not abnormal:
        return None
    labels = np.concatenate([video.labels for video in abnormal])
    return or_none(metrics.auroc(labels, np.concatenate([video.scores for video in abnormal])))


def _of_clips(videos: Sequence[ScoredVideo], settings: Settings) -> dict[str, float | None]:
    """Whole videos told apart by their highest score.

    Undefined when each video is normalised by itself: all their highest scores are 1.
    """
    scored = [video for video in videos if len(video.scores)]
    if settings.normalisation == "per_video" or not scored:
        return {"clip_auroc": None, "clip_average_precision": None}
    labels = [bool(video.labels.any()) for video in scored]
    ranking = metrics.rank(labels, [video.scores.max() for video in scored])
    return {
        "clip_auroc": or_none(ranking.auroc()),
        "clip_average_precision": or_none(ranking.average_precision()),
    }

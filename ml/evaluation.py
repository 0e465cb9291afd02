"""The one evaluator: frame scores and ground truth in, every headline number out.

Pure: NumPy in, JSON values out. The site and `python -m ml evaluate` both use it. Raise
EVALUATOR_VERSION with each change that can change a number; evaluations of the old version
stay as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.records import BadInput, Scores, VideoRecord, frame_labels

EVALUATOR_VERSION = 1
MAX_ROC_POINTS = 2_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ScoredVideo:
    """`scores` (n_frames,) with NaN where there is none, `labels` (n_frames,) 0 or 1."""

    video_id: str
    scores: NDArray[np.floating]
    labels: NDArray[np.uint8]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Numbers as an evaluation is stored: JSON values, null where undefined."""

    metrics: dict[str, float | None]
    counts: dict[str, int]
    per_video: list[dict[str, Any]]
    roc: dict[str, list[float | None]]


def scored_videos(videos: Sequence[VideoRecord], scores: Mapping[str, Scores]) -> list[ScoredVideo]:
    """The videos of a manifest with their scores.

    Raise BadInput where one has none, or has scores that do not fit it.
    """
    if not videos:
        raise BadInput("There are no videos to evaluate")
    missing = [video.id for video in videos if video.id not in scores]
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(videos)} videos have no scores, the first is {missing[0]}"
        )
    return [_scored(video, scores[video.id]) for video in videos]


def _scored(video: VideoRecord, scores: Scores) -> ScoredVideo:
    if not video.n_frames:
        raise BadInput(f"The manifest does not say how many frames {video.id} has")
    try:
        scores.check(video.n_frames)
    except BadInput as error:
        raise BadInput(f"{video.id}: {error}") from error
    return ScoredVideo(
        video_id=video.id,
        scores=scores.to_frames(video.n_frames),
        labels=frame_labels(video.intervals, video.n_frames),
    )


def evaluate_videos(videos: Sequence[ScoredVideo], *, normalisation: str, missing: str) -> Outcome:
    """Compute everything that a protocol with these settings reports of one video or more."""
    counted = [_counted(video, normalisation=normalisation, missing=missing) for video in videos]
    labels = np.concatenate([video.labels for video in counted])
    scores = np.concatenate([video.scores for video in counted])
    ranking = metrics.rank(labels, scores)
    per_video = _per_video(videos, counted, metrics.misordering(labels, scores))
    aurocs = [each["auroc"] for each in per_video if each["auroc"] is not None]
    return Outcome(
        metrics={
            "auroc": _or_none(ranking.auroc()),
            "average_precision": _or_none(ranking.average_precision()),
            "equal_error_rate": _or_none(ranking.equal_error_rate()),
            "macro_auroc": float(np.mean(aurocs)) if aurocs else None,
            "clip_auroc": _clip_auroc(counted, normalisation=normalisation),
        },
        counts={
            "n_videos": len(videos),
            "n_frames": len(labels),
            "n_abnormal_frames": int(labels.sum()),
            "n_frames_without_score": sum(each["n_frames_without_score"] for each in per_video),
            "n_undefined_videos": len(per_video) - len(aurocs),
        },
        per_video=per_video,
        roc=_roc(ranking),
    )


def normalise_per_video(scores: NDArray[np.floating]) -> Floats:
    """Scores of one video stretched to 0…1; all 0 where they do not differ. NaN stays."""
    values = scores.astype(np.float64)  # float32 would tie scores that differ
    if np.isnan(values).all():
        return values
    low, high = np.nanmin(values), np.nanmax(values)
    if low == high:
        return values - low
    return (values - low) / (high - low)


def fill_with_nearest(scores: NDArray[Any]) -> NDArray[Any]:
    """Each frame without a score takes that of the nearest one with, the earlier of two."""
    scored = np.flatnonzero(~np.isnan(scores))
    if not len(scored):
        return scores
    halfway = (scored[:-1] + scored[1:]) // 2
    return scores[scored[np.searchsorted(halfway, np.arange(len(scores)))]]


def _counted(video: ScoredVideo, *, normalisation: str, missing: str) -> ScoredVideo:
    """The frames that count under the protocol, with the scores that count."""
    scores = video.scores
    if normalisation == "per_video":
        scores = normalise_per_video(scores)
    if missing == "nearest":
        scores = fill_with_nearest(scores)
    has_score = ~np.isnan(scores)
    return ScoredVideo(
        video_id=video.video_id, scores=scores[has_score], labels=video.labels[has_score]
    )


def _per_video(
    videos: Sequence[ScoredVideo], counted: Sequence[ScoredVideo], misordering: Floats
) -> list[dict[str, Any]]:
    """`misordering` (all counted frames) is summed up per video."""
    ends = np.cumsum([len(video.labels) for video in counted])
    return [
        {
            "video_id": before.video_id,
            "auroc": _or_none(metrics.auroc(after.labels, after.scores)),
            "n_frames": len(after.labels),
            "n_abnormal_frames": int(after.labels.sum()),
            "n_frames_without_score": int(np.isnan(before.scores).sum()),
            "misordering": _or_none(float(share.sum())),
        }
        for before, after, share in zip(
            videos, counted, np.split(misordering, ends[:-1]), strict=True
        )
    ]


def _clip_auroc(videos: Sequence[ScoredVideo], *, normalisation: str) -> float | None:
    """Whole videos told apart by their highest score.

    Undefined when each video is normalised by itself: all their highest scores are 1.
    """
    scored = [video for video in videos if len(video.scores)]
    if normalisation == "per_video" or not scored:
        return None
    is_abnormal = [bool(video.labels.any()) for video in scored]
    return _or_none(metrics.auroc(is_abnormal, [video.scores.max() for video in scored]))


def _roc(ranking: metrics.Ranking) -> dict[str, list[float | None]]:
    if not ranking.is_defined:
        return {"fpr": [], "tpr": [], "thresholds": []}
    fpr, tpr, thresholds = ranking.roc_curve()
    kept = thin_roc(fpr, tpr, MAX_ROC_POINTS)
    return {
        "fpr": fpr[kept].tolist(),
        "tpr": tpr[kept].tolist(),
        "thresholds": [None, *thresholds[kept][1:].tolist()],  # the first is infinite
    }


def thin_roc(fpr: Floats, tpr: Floats, max_points: int) -> NDArray[np.intp]:
    """Indices of at most `max_points` points of a ROC curve, with both ends.

    The curve is cut into pieces of equal length along `fpr + tpr`. Each keeps the corner
    nearest to (0, 1) and the one farthest from it.
    """
    if len(fpr) <= max_points:
        return np.arange(len(fpr))
    n_pieces = (max_points - 2) // 2
    piece = np.minimum((fpr + tpr) * (n_pieces / 2), n_pieces - 1).astype(np.intp)
    edges = np.flatnonzero(np.diff(piece, prepend=-1, append=n_pieces))
    height = tpr - fpr
    kept = [
        start + pick(height[start:end])
        for start, end in pairwise(edges)
        for pick in (np.argmin, np.argmax)
    ]
    return np.unique([0, *kept, len(fpr) - 1])


def _or_none(value: float) -> float | None:
    """JSON knows no NaN; undefined is null."""
    return None if np.isnan(value) else value

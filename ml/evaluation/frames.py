"""From the scores of videos to the frames that count under a protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock
from ml.evaluation.settings import Settings
from ml.records import BadInput, Interval, Scores, VideoRecord, frame_labels
from ml.scores.smoothing import smooth

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ScoredVideo:
    """`scores` (n_frames,) with NaN where there is none, `labels` (n_frames,) 0 or 1.

    `classes` are the frames (n_frames,) of each named kind of anomaly. Where the `clock` is not
    known, there are no seconds.
    """

    video_id: str
    scores: NDArray[np.floating]
    labels: NDArray[np.uint8]
    classes: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)
    clock: Clock | None = None

    def keep(self, kept: NDArray[np.bool_], scores: NDArray[np.floating]) -> ScoredVideo:
        """The frames where `kept` (n_frames,) holds, with other `scores` (n_frames,)."""
        classes = {name: mask[kept] for name, mask in self.classes.items()}
        return replace(self, scores=scores[kept], labels=self.labels[kept], classes=classes)


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
    return scored_video(video.id, scores, video.intervals, video.n_frames)


def scored_video(
    video_id: str,
    scores: Scores,
    intervals: Sequence[Interval],
    n_frames: int,
    clock: Clock | None = None,
) -> ScoredVideo:
    """Checked scores beside the ground truth of their video."""
    names = sorted({interval.label for interval in intervals if interval.label})
    return ScoredVideo(
        video_id=video_id,
        scores=scores.to_frames(n_frames),
        labels=frame_labels(intervals, n_frames),
        classes={
            name: frame_labels((i for i in intervals if i.label == name), n_frames) == 1
            for name in names
        },
        clock=clock,
    )


def placed_frames(videos: Sequence[ScoredVideo], settings: Settings) -> list[ScoredVideo]:
    """All frames in their places with the scores that count; NaN where a frame does not."""
    placed = [replace(video, scores=_prepared(video.scores, settings)) for video in videos]
    if settings.normalisation == "test_set":
        return _stretched_together(placed)
    return placed


def counted_frames(videos: Sequence[ScoredVideo], settings: Settings) -> list[ScoredVideo]:
    """The frames that count, with the scores that count, video by video."""
    placed = placed_frames(videos, settings)
    return [video.keep(~np.isnan(video.scores), video.scores) for video in placed]


def _prepared(scores: NDArray[np.floating], settings: Settings) -> NDArray[np.floating]:
    if settings.smoothing != "none":
        scores = smooth(scores, settings.smoothing, settings.smoothing_frames)
    if settings.normalisation == "per_video":
        scores = normalise_per_video(scores)
    if settings.missing == "nearest":
        scores = fill_with_nearest(scores)
    if settings.drop_first:
        scores = scores.copy()
        scores[: settings.drop_first] = np.nan
    return scores


def _stretched_together(videos: Sequence[ScoredVideo]) -> list[ScoredVideo]:
    together = normalise_per_video(np.concatenate([video.scores for video in videos]))
    ends = np.cumsum([len(video.scores) for video in videos])[:-1]
    parts = np.split(together, ends)
    return [replace(video, scores=part) for video, part in zip(videos, parts, strict=True)]


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

"""Numbers for a set of scored videos, for people at a terminal.

The site computes its own, under a named protocol; both use the functions of ml.metrics.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.metrics import auroc, average_precision, equal_error_rate
from ml.records import BadInput, Scores, VideoRecord, frame_labels

Normalisation = Literal["none", "video"]
Frames = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Frame level, all videos pooled; NaN where a number is undefined."""

    normalisation: Normalisation
    auroc: float
    average_precision: float
    equal_error_rate: float
    n_videos: int
    n_frames: int  # that have a score
    n_abnormal_frames: int  # of those
    n_unscored_frames: int


def evaluate(
    videos: Sequence[VideoRecord],
    scores: Mapping[str, Scores],
    *,
    normalisation: Normalisation = "none",
) -> Evaluation:
    """`video` maps each video's scores to [0, 1] before they are pooled, as papers often do."""
    _check(videos, scores)
    frames = [scores[video.id].to_frames(_n_frames(video)) for video in videos]
    if normalisation == "video":
        frames = [_stretched(values) for values in frames]
    pooled = np.concatenate(frames)
    labels = np.concatenate([frame_labels(v.intervals, _n_frames(v)) for v in videos])
    has_score = np.isfinite(pooled)
    labels, scored = labels[has_score], pooled[has_score]
    return Evaluation(
        normalisation=normalisation,
        auroc=auroc(labels, scored),
        average_precision=average_precision(labels, scored),
        equal_error_rate=equal_error_rate(labels, scored),
        n_videos=len(videos),
        n_frames=len(scored),
        n_abnormal_frames=int(labels.sum()),
        n_unscored_frames=int(np.count_nonzero(~has_score)),
    )


def _check(videos: Sequence[VideoRecord], scores: Mapping[str, Scores]) -> None:
    if not videos:
        raise BadInput("There are no videos to evaluate")
    missing = [video.id for video in videos if video.id not in scores]
    if missing:
        raise BadInput(
            f"{len(missing)} of {len(videos)} videos have no scores, the first is {missing[0]}"
        )


def _n_frames(video: VideoRecord) -> int:
    if not video.n_frames:
        raise BadInput(f"The manifest does not say how many frames {video.id} has")
    return video.n_frames


def _stretched(values: Frames) -> Frames:
    """To [0, 1]; all 0 where every score is the same."""
    if np.isnan(values).all():
        return values
    low, high = np.nanmin(values), np.nanmax(values)
    return np.asarray((values - low) / (high - low or 1), np.float32)

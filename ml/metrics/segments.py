"""Frames of several videos, run-length coded: neighbours of one score are one segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.metrics.ranking import Floats, Ranking, checked_scores, rank_counts, sums


@dataclass(frozen=True, kw_only=True)
class Segments:
    """S segments: a score, so many normal and abnormal frames, and the index of their video."""

    scores: NDArray[Any]
    n_normal: Floats
    n_abnormal: Floats
    videos: NDArray[np.int64]
    n_videos: int

    def ranking(self) -> Ranking:
        return rank_counts(self.scores, self.n_normal, self.n_abnormal)

    def per_video(self, weights: Floats) -> Floats:
        """(n_videos,) sums of (S,) weights."""
        return sums(self.videos, weights, self.n_videos)


def segments(
    labels_by_video: Sequence[ArrayLike], scores_by_video: Sequence[ArrayLike]
) -> Segments:
    """Of one vector of labels (0 or 1) and one of scores per video, one value per frame.

    Raises ValueError where lengths differ, labels are not 0 or 1 or scores are not finite.
    """
    if len(labels_by_video) != len(scores_by_video):
        raise ValueError(f"labels of {len(labels_by_video)} and scores of {len(scores_by_video)}")
    labels, lengths = _joined(labels_by_video)
    scores, score_lengths = _joined(scores_by_video)
    if not np.array_equal(lengths, score_lengths):
        raise ValueError("a video has not as many labels as scores")
    scores = checked_scores(scores)
    is_abnormal = labels == 1
    if not np.all(is_abnormal | (labels == 0)):
        raise ValueError("labels must be 0 (normal) or 1 (abnormal)")
    return _run_length_coded(is_abnormal, scores, lengths)


def _joined(vectors: Sequence[ArrayLike]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    arrays = [np.asarray(vector) for vector in vectors]
    lengths = np.array([len(array) for array in arrays], dtype=np.int64)
    filled = [array for array in arrays if len(array)]  # an empty list would turn all to float64
    return np.concatenate(filled) if filled else np.empty(0), lengths


def _run_length_coded(
    is_abnormal: NDArray[np.bool_], scores: NDArray[Any], lengths: NDArray[np.int64]
) -> Segments:
    starts_run = np.ones(len(scores), dtype=np.bool_)
    starts_run[1:] = scores[1:] != scores[:-1]
    first_frames = np.cumsum(lengths) - lengths
    starts_run[first_frames[lengths > 0]] = True
    starts = np.flatnonzero(starts_run)
    before = np.concatenate([[0], np.cumsum(is_abnormal)])
    ends = np.append(starts[1:], len(scores))[: len(starts)]
    n_abnormal = before[ends] - before[starts]
    return Segments(
        scores=scores[starts],
        n_normal=(ends - starts - n_abnormal).astype(np.float64),
        n_abnormal=n_abnormal.astype(np.float64),
        videos=np.searchsorted(np.cumsum(lengths), starts, side="right"),
        n_videos=len(lengths),
    )

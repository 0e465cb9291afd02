"""The same scores under many conventions at once, without intervals.

Conventions that differ only in which frames count, and as what, share one order of the scores:
the frames are sorted three times for the whole grid.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ml.evaluation.frames import Floats, ScoredVideo, fill_with_nearest
from ml.evaluation.settings import Missing

Averaging = Literal["pooled", "mean_of_videos"]
Labels = Literal["as_they_are", "start_earlier", "end_later"]
Ints = NDArray[np.int64]
Counts = NDArray[np.integer[Any]]  # small, so that putting them in order stays in the cache
DROP_FIRST = (0, 4)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """An AUROC and the conventions that give it; None where undefined.

    `labels` tell whether each interval of the ground truth starts or ends a frame off, as it
    does where its base or end rule is read wrongly. To stretch the whole test set changes no
    order, and to stretch each video none within it, so neither has a variant of its own.
    """

    normalisation: Literal["none", "per_video"]
    averaging: Averaging
    missing: Missing
    drop_first: int
    labels: Labels
    auroc: float | None


def sensitivity_grid(
    videos: Sequence[ScoredVideo], drop_first: Sequence[int] = DROP_FIRST
) -> list[Variant]:
    """All combinations; `missing` varies only where a frame has no score."""
    frames = _Frames.of(videos)
    scores = frames.scores[frames.starts]
    raw = _Order.of(scores)
    orders = (
        ("none", "pooled", raw),
        ("per_video", "pooled", _Order.of(frames.stretched()[frames.starts])),
        ("none", "mean_of_videos", raw.by(scores, frames.videos[frames.starts])),
    )
    missing: tuple[Missing, ...] = get_args(Missing) if not frames.is_scored.all() else ("nearest",)
    return [
        Variant(
            normalisation=normalisation,  # type: ignore[arg-type]
            averaging=averaging,  # type: ignore[arg-type]
            missing=how,
            drop_first=n,
            labels=labels,
            auroc=None if np.isnan(value) else float(value),
        )
        for how, n, labels in product(missing, drop_first, get_args(Labels))
        for (normalisation, averaging, _order), value in zip(
            orders, _values(frames, orders, how, n, labels), strict=True
        )
    ]


@dataclass(frozen=True, kw_only=True)
class _Frames:
    """All N frames of the videos that have any score, in one row.

    `scores` take the nearest where there is none. `starts` are the runs of equal score in one
    video.
    """

    scores: Floats
    is_scored: NDArray[np.bool_]
    labels: dict[str, NDArray[np.bool_]]
    places: Ints  # of each frame in its video
    videos: Ints
    starts: Ints

    @classmethod
    def of(cls, videos: Sequence[ScoredVideo]) -> _Frames:
        known = [video for video in videos if not np.isnan(video.scores).all()]
        lengths = np.array([len(video.scores) for video in known], dtype=np.int64)
        own = _joined([video.scores for video in known])
        scores = _joined([fill_with_nearest(video.scores) for video in known])
        index = np.repeat(np.arange(len(known)), lengths)
        is_new = np.ones(len(scores), dtype=np.bool_)
        is_new[1:] = (scores[1:] != scores[:-1]) | (index[1:] != index[:-1])
        first = np.cumsum(lengths) - lengths
        return cls(
            scores=scores,
            is_scored=~np.isnan(own),
            labels={
                name: _joined([_moved(video.labels == 1, name) for video in known]).astype(bool)
                for name in get_args(Labels)
            },
            places=np.arange(len(scores)) - np.repeat(first, lengths),
            videos=index,
            starts=np.flatnonzero(is_new),
        )

    def stretched(self) -> Floats:
        """0…1 in each video; all 0 where its scores do not differ."""
        if not len(self.scores):
            return self.scores
        first = np.flatnonzero(self.places == 0)
        low = np.minimum.reduceat(self.scores, first)[self.videos]
        width = np.maximum.reduceat(self.scores, first)[self.videos] - low
        return (self.scores - low) / np.where(width > 0, width, 1)

    def weights(self, missing: Missing, drop_first: int, labels: Labels) -> tuple[Counts, Counts]:
        """Normal and abnormal frames that count, by run."""
        counts = self.places >= drop_first
        if missing == "drop":
            counts &= self.is_scored
        abnormal = counts & self.labels[labels]
        return self._by_run(counts & ~abnormal), self._by_run(abnormal)

    def _by_run(self, frames: NDArray[np.bool_]) -> Counts:
        if len(self.starts) == len(frames):
            return frames.view(np.uint8)
        return np.add.reduceat(frames, self.starts, dtype=np.int32)


@dataclass(frozen=True, kw_only=True)
class _Order:
    """Runs by falling score, ties ending at `ends`.

    Groups come one after the other; `firsts` are the first ties of each.
    """

    order: Ints
    ends: Ints
    firsts: Ints

    @classmethod
    def of(cls, scores: Floats) -> _Order:
        """All in one group."""
        return cls._of(np.argsort(-scores), scores, np.zeros(len(scores), dtype=np.int16))

    def by(self, scores: Floats, groups: Ints) -> _Order:
        """The same within each group."""
        order = self.order[np.argsort(groups[self.order].astype(np.int32), kind="stable")]
        return self._of(order, scores, groups)

    @classmethod
    def _of(cls, order: Ints, scores: Floats, groups: NDArray[Any]) -> _Order:
        values, of_run = scores[order], groups[order]
        is_last = np.ones(len(order), dtype=np.bool_)
        is_last[:-1] = (values[1:] != values[:-1]) | (of_run[1:] != of_run[:-1])
        ends = np.flatnonzero(is_last)
        of_tie = of_run[ends]
        firsts = np.flatnonzero(np.append(True, of_tie[1:] != of_tie[:-1]))
        return cls(order=order, ends=ends, firsts=firsts)

    def aurocs(self, normal: Counts, abnormal: Counts) -> Floats:
        """One per group, NaN where a class is missing."""
        if not len(self.ends):
            return np.full(1, np.nan)
        true, false = (
            np.cumsum(each[self.order], dtype=np.int64)[self.ends] for each in (abnormal, normal)
        )
        # A normal frame is right with each abnormal one above it, and half with its equals.
        twice_right = np.diff(false, prepend=0) * (true + np.concatenate([[0], true[:-1]]))
        last = np.append(self.firsts[1:], len(true)) - 1
        n_true, n_false = (np.diff(each[last], prepend=0) for each in (true, false))
        right = np.add.reduceat(twice_right, self.firsts) / 2
        right -= (np.cumsum(n_true) - n_true) * n_false  # what lies in groups before
        pairs = n_true * n_false
        return np.divide(right, pairs, out=np.full(len(pairs), np.nan), where=pairs > 0)


def _values(
    frames: _Frames,
    orders: Sequence[tuple[str, str, _Order]],
    missing: Missing,
    drop_first: int,
    labels: Labels,
) -> Iterator[float]:
    normal, abnormal = frames.weights(missing, drop_first, labels)
    for _normalisation, _averaging, order in orders:
        aurocs = order.aurocs(normal, abnormal)
        defined = aurocs[~np.isnan(aurocs)]
        yield float(defined.mean()) if len(defined) else float("nan")


def _moved(labels: NDArray[np.bool_], how: str) -> NDArray[np.bool_]:
    moved = labels.copy()
    if how == "start_earlier":
        moved[:-1] |= labels[1:]
    elif how == "end_later":
        moved[1:] |= labels[:-1]
    return moved


def _joined(parts: Sequence[NDArray[Any]]) -> Floats:
    return np.concatenate([np.zeros(0), *parts])

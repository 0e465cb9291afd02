"""95 % intervals of the numbers, by drawing whole videos anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ml import metrics
from ml.evaluation.frames import Floats, ScoredVideo
from ml.evaluation.numbers import in_order
from ml.metrics.bootstrap import Counts
from ml.records import hash_of

N_REPLICATES = 1_000


@dataclass(frozen=True, kw_only=True)
class Replicates:
    """`values` (R, M) float64 in the order of `names`; NaN where a draw lacks a class, or where
    one video alone has the number. Of a single video R is 0.

    Evaluations with equal `drawn` drew the same videos in each row.
    """

    names: tuple[str, ...]
    values: Floats
    drawn: str

    def facts(self) -> dict[str, Any]:
        """All but the values, as JSON."""
        return {"names": list(self.names), "n": len(self.values), "draws": self.drawn}

    def intervals(self) -> dict[str, list[float]]:
        """By name, of the numbers that have one."""
        found = {
            name: metrics.percentile_interval(self.values[:, i])
            for i, name in enumerate(self.names)
        }
        return {name: list(pair) for name, pair in found.items() if not np.isnan(pair).any()}

    def extended(self, columns: Mapping[str, Floats]) -> Replicates:
        """With numbers (R,) of the same draws."""
        values = np.column_stack([self.values, *columns.values()])
        return replace(self, names=(*self.names, *columns), values=values)


def replicate(
    videos: Sequence[ScoredVideo],
    items: metrics.Segments,
    aurocs: Sequence[float | None],
    *,
    has_peaks: bool,
) -> Replicates:
    """`videos` as they count, `items` their segments, `aurocs` of each alone (None: undefined).

    `has_peaks`: the highest scores of videos tell them apart.
    """
    drawn, counts = drawn_counts(videos)
    numbers = {name: each.of_curves for name, each in in_order().items()}
    curves = metrics.bootstrap_metrics(items, tuple(numbers), counts, more=numbers)
    columns = {
        **_pooled(videos, items, counts),
        **dict(zip(numbers, curves.replicates.T, strict=True)),
        "macro_auroc": _macro(aurocs, counts),
        **(_clips(videos, counts) if has_peaks else {}),
    }
    return Replicates(
        names=tuple(columns), values=np.stack(list(columns.values()), axis=1), drawn=drawn
    )


def drawn_counts(videos: Sequence[ScoredVideo]) -> tuple[str, Counts]:
    """(R, V) how often each replicate holds each video, and a name for these draws.

    The names of the videos decide it. Of a single video there are none, R is 0: drawing it again
    and again says nothing of others.
    """
    drawn = hash_of([video.video_id for video in videos])
    n = N_REPLICATES if len(videos) > 1 else 0
    return drawn, metrics.draws(len(videos), n, seed=int(drawn[:8], 16))


def _pooled(
    videos: Sequence[ScoredVideo], items: metrics.Segments, counts: Counts
) -> dict[str, Floats]:
    """AUROC of all videos and of the abnormal ones, from one matrix of pairs."""
    pairs = metrics.pair_counts(
        items.n_normal, items.n_abnormal, items.scores, items.videos, items.n_videos
    )
    normal, abnormal = items.per_video(items.n_normal), items.per_video(items.n_abnormal)
    own = np.array([bool(video.labels.any()) for video in videos])
    of_own = metrics.auroc_of_pairs(
        pairs[np.ix_(own, own)], normal[own], abnormal[own], counts[:, own]
    )
    return {
        "auroc": metrics.auroc_of_pairs(pairs, normal, abnormal, counts),
        "abnormal_auroc": of_own if own.sum() > 1 else np.full(len(counts), np.nan),
    }


def _macro(aurocs: Sequence[float | None], counts: Counts) -> Floats:
    """Mean over the drawn videos that have an AUROC; undefined where one alone has."""
    values = np.array([np.nan if each is None else each for each in aurocs], dtype=np.float64)
    defined = ~np.isnan(values)
    if defined.sum() < 2:
        return np.full(len(counts), np.nan)
    n = counts[:, defined].sum(axis=1)
    total = counts[:, defined] @ values[defined]
    return np.divide(total, n, out=np.full(len(counts), np.nan), where=n > 0)


def _clips(videos: Sequence[ScoredVideo], counts: Counts) -> dict[str, Floats]:
    """Of whole videos by their highest score; one without any score weighs nothing."""
    is_scored = np.array([len(video.scores) > 0 for video in videos])
    is_abnormal = np.array([bool(video.labels.any()) for video in videos])
    items = metrics.Segments(
        scores=np.array([video.scores.max() if len(video.scores) else 0.0 for video in videos]),
        n_normal=(is_scored & ~is_abnormal).astype(np.float64),
        n_abnormal=(is_scored & is_abnormal).astype(np.float64),
        videos=np.arange(len(videos)),
        n_videos=len(videos),
    )
    found = metrics.bootstrap_metrics(items, ("auroc", "average_precision"), counts).replicates
    return {"clip_auroc": found[:, 0], "clip_average_precision": found[:, 1]}

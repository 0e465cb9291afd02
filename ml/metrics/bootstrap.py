"""Intervals by drawing whole videos anew: the frames of one video are not independent.

All replicates are weights per video, so nothing is sorted again. Runs over the same videos that
use the same `draws` can be compared in pairs: see `ml.metrics.comparison`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.metrics.curves import CURVE_METRICS, THRESHOLD_METRICS, CurveMetric, of_ranking
from ml.metrics.pairs import pair_counts
from ml.metrics.ranking import Floats, Ranking, sums
from ml.metrics.segments import Segments, segments
from ml.metrics.thresholds import at_threshold

Bounds = tuple[float, float]
Counts = NDArray[np.int64]
Curves = Mapping[str, CurveMetric]
MAX_BINS = 4_096
REPLICATES_AT_ONCE = 128  # × MAX_BINS float64: 4 MiB a matrix


@dataclass(frozen=True, kw_only=True)
class BootstrapAUROC:
    """`interval` holds 95 % of the defined `replicates` (R,); `n_undefined` of them are NaN."""

    value: float
    interval: Bounds
    replicates: Floats
    n_undefined: int


@dataclass(frozen=True, kw_only=True)
class BootstrapMetrics:
    """Exact `values`, their 95 % `intervals`, and `replicates` (R, M) in the order of `names`."""

    names: tuple[str, ...]
    values: dict[str, float]
    intervals: dict[str, Bounds]
    replicates: Floats
    n_undefined: dict[str, int]


def draws(n_videos: int, n_replicates: int, seed: int) -> Counts:
    """(n_replicates, n_videos) how often each replicate holds each video."""
    if n_videos == 0:
        return np.zeros((n_replicates, 0), dtype=np.int64)
    shares = np.full(n_videos, 1 / n_videos)
    return np.random.default_rng(seed).multinomial(n_videos, shares, size=n_replicates)


def percentile_interval(replicates: Floats) -> Bounds:
    """The middle 95 % of the replicates that are not NaN; NaN where there is none."""
    defined = replicates[~np.isnan(replicates)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


def bootstrap_auroc(
    labels_by_video: Sequence[ArrayLike],
    scores_by_video: Sequence[ArrayLike],
    n_replicates: int = 1_000,
    seed: int = 0,
) -> BootstrapAUROC:
    """AUROC of all frames with an interval over videos.

    A replicate that lacks a class is NaN, counted, and left out of the interval.
    """
    items = segments(labels_by_video, scores_by_video)
    return bootstrap_auroc_of(items, draws(items.n_videos, n_replicates, seed))


def bootstrap_auroc_of(items: Segments, counts: Counts) -> BootstrapAUROC:
    """The same for given draws (R, n_videos)."""
    pairs = pair_counts(
        items.n_normal, items.n_abnormal, items.scores, items.videos, items.n_videos
    )
    normal, abnormal = items.per_video(items.n_normal), items.per_video(items.n_abnormal)
    replicates = auroc_of_pairs(pairs, normal, abnormal, counts)
    whole = np.ones((1, items.n_videos))
    return BootstrapAUROC(
        value=float(auroc_of_pairs(pairs, normal, abnormal, whole)[0]),
        interval=percentile_interval(replicates),
        replicates=replicates,
        n_undefined=int(np.isnan(replicates).sum()),
    )


def auroc_of_pairs(
    pairs: Floats, n_normal: Floats, n_abnormal: Floats, counts: NDArray[Any]
) -> Floats:
    """(R,) AUROCs of videos (V,) repeated `counts` (R, V) times, from `pair_counts` (V, V)."""
    weights = counts.astype(np.float64)
    right = np.sum((weights @ pairs) * weights, axis=1)
    total = (weights @ n_abnormal) * (weights @ n_normal)
    return np.divide(right, total, out=np.full(len(weights), np.nan), where=total > 0)


def bootstrap_at_threshold(items: Segments, threshold: float, counts: Counts) -> dict[str, Bounds]:
    """Intervals of THRESHOLD_METRICS by name under draws `counts` (R, n_videos).

    The threshold stands still: what it would have been on the drawn videos is not asked.
    """
    is_flagged = items.scores.astype(np.float64) >= threshold
    weights = counts.astype(np.float64)
    true, false, n_true, n_false = (
        weights @ items.per_video(each)
        for each in (
            items.n_abnormal * is_flagged,
            items.n_normal * is_flagged,
            items.n_abnormal,
            items.n_normal,
        )
    )
    return {
        name: percentile_interval(numbers(true, false, n_true, n_false))
        for name, numbers in THRESHOLD_METRICS.items()
    }


def bootstrap_metrics(
    items: Segments,
    names: Sequence[str],
    counts: Counts,
    threshold: float | None = None,
    more: Mapping[str, CurveMetric] | None = None,
) -> BootstrapMetrics:
    """Several numbers under the same draws `counts` (R, n_videos).

    Names are those of CURVE_METRICS, of `more` like them and, with a `threshold`, of
    THRESHOLD_METRICS (flagged is what scores at least that much). Replicates see at most
    MAX_BINS score bins. With no more distinct scores than that they are exact; with more, each
    is moved by what the exact value of all videos differs from the binned one. Numbers at the
    threshold are always exact, since the threshold is a bin's edge. Raises ValueError for an
    unknown name.
    """
    curves = dict(more or {}) | CURVE_METRICS
    _check_names(names, curves, threshold)
    ranking = items.ranking()
    bins, n_bins, n_flagged = _bins(items, ranking, threshold)
    tables = (
        weights_by_bin(items, items.n_abnormal, bins, n_bins),
        weights_by_bin(items, items.n_normal, bins, n_bins),
    )
    values = {name: _exact(ranking, name, curves, threshold) for name in names}
    whole = _replicates(tables, np.ones((1, items.n_videos)), names, curves, n_flagged)[0]
    shift = np.array([values[name] for name in names]) - whole
    # Undefined for all videos together, a number may still be defined for some replicates.
    replicates = _replicates(tables, counts, names, curves, n_flagged) + np.nan_to_num(shift)
    return BootstrapMetrics(
        names=tuple(names),
        values=values,
        intervals={name: percentile_interval(replicates[:, i]) for i, name in enumerate(names)},
        replicates=replicates,
        n_undefined={name: int(np.isnan(replicates[:, i]).sum()) for i, name in enumerate(names)},
    )


def _check_names(names: Sequence[str], curves: Curves, threshold: float | None) -> None:
    known = [*curves, *(THRESHOLD_METRICS if threshold is not None else ())]
    for name in names:
        if name not in known:
            raise ValueError(f"{name!r} cannot be bootstrapped; known are {', '.join(known)}")


def _bins(
    items: Segments, ranking: Ranking, threshold: float | None, most: int = MAX_BINS
) -> tuple[NDArray[np.int64], int, int]:
    """(S,) the bin of each segment, bin 0 the highest; how many bins; how many are flagged.

    Bins hold about equally many frames of each class together, and whole scores.
    """
    lows = ranking.thresholds.astype(np.float64)
    if len(lows) > most:
        rank_share = _evenly(ranking.true_positives) + _evenly(ranking.false_positives)
        wanted = np.linspace(rank_share[-1] / (most - 1), rank_share[-1], most - 1)
        at = np.minimum(np.searchsorted(rank_share, wanted), len(lows) - 1)
        kept = lows[np.unique(at)]
        lows = kept if threshold is None else _with_edge(lows, kept, threshold)
    ascending = lows[::-1]
    n_flagged = 0
    if threshold is not None:
        n_flagged = len(ascending) - int(np.searchsorted(ascending, threshold))
    at_or_below = np.searchsorted(ascending, items.scores.astype(np.float64), side="right")
    # A weightless segment may lie below all; it adds nothing to the last bin.
    bins = np.minimum(len(ascending) - at_or_below, max(0, len(ascending) - 1))
    return bins, max(1, len(ascending)), n_flagged


def bins_of(items: Segments, most: int) -> tuple[NDArray[np.int64], int]:
    """(S,) the bin of each segment, bin 0 the highest scores; of how many, at most `most`."""
    bins, n_bins, _n_flagged = _bins(items, items.ranking(), None, most)
    return bins, n_bins


def _evenly(cumulated: Floats) -> Floats:
    return cumulated / cumulated[-1] if cumulated[-1] > 0 else cumulated


def _with_edge(lows: Floats, kept: Floats, threshold: float) -> Floats:
    """`kept` with the lowest score that reaches the threshold; all scores fall."""
    reaching = lows[lows >= threshold]
    return np.union1d(kept, reaching[-1:])[::-1]


def weights_by_bin(
    items: Segments, weights: Floats, bins: NDArray[np.int64], n_bins: int
) -> Floats:
    """(n_videos, n_bins) weights."""
    at = items.videos * n_bins + bins
    size = items.n_videos * n_bins
    return sums(at, weights, size).reshape(items.n_videos, n_bins)


def _replicates(
    tables: tuple[Floats, Floats],
    counts: NDArray[Any],
    names: Sequence[str],
    curves: Curves,
    n_flagged: int,
) -> Floats:
    """(R, M) numbers of the videos repeated `counts` (R, n_videos) times."""
    rows = np.empty((len(counts), len(names)))
    for start in range(0, len(counts), REPLICATES_AT_ONCE):
        part = slice(start, start + REPLICATES_AT_ONCE)
        weights = counts[part].astype(np.float64)
        true, false = (np.cumsum(weights @ table, axis=1) for table in tables)
        for column, name in enumerate(names):
            rows[part, column] = _numbers(name, true, false, curves, n_flagged)
    return rows


def _numbers(name: str, true: Floats, false: Floats, curves: Curves, n_flagged: int) -> Floats:
    if name in CURVE_METRICS:
        return CURVE_METRICS[name](true, false)
    if name in curves:
        return _where_defined(curves[name], true, false)
    nothing = np.zeros(len(true))
    flagged = (true[:, n_flagged - 1], false[:, n_flagged - 1]) if n_flagged else (nothing, nothing)
    return THRESHOLD_METRICS[name](*flagged, true[:, -1], false[:, -1])


def _where_defined(metric: CurveMetric, true: Floats, false: Floats) -> Floats:
    """Only rows with both classes are asked."""
    has_both = (true[:, -1] > 0) & (false[:, -1] > 0)
    numbers = np.full(len(true), np.nan)
    if has_both.any():
        numbers[has_both] = metric(true[has_both], false[has_both])
    return numbers


def _exact(ranking: Ranking, name: str, curves: Curves, threshold: float | None) -> float:
    if name in CURVE_METRICS:
        return float(getattr(ranking, name)())
    if name in curves:
        return of_ranking(curves[name], ranking)
    assert threshold is not None
    return float(getattr(at_threshold(ranking, threshold), name))

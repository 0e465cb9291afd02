"""Whether two runs over the same videos differ by more than the choice of videos explains."""

from __future__ import annotations

from dataclasses import dataclass
from math import erfc, sqrt
from statistics import NormalDist

import numpy as np

from ml.metrics.bootstrap import Bounds, percentile_interval
from ml.metrics.ranking import Floats, descending, sums
from ml.metrics.segments import Segments


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The first run's number minus the second's, its 95 % interval and two-sided p-value."""

    difference: float
    interval: Bounds
    p_value: float


@dataclass(frozen=True, kw_only=True)
class Placements:
    """Per video (V,) the frames of each class and the sums of their placements.

    An abnormal frame's placement is the share of all normal frames that score below it, a
    normal frame's the share of abnormal ones above it; equal scores count half.
    """

    n_normal: Floats
    n_abnormal: Floats
    normal: Floats
    abnormal: Floats

    @property
    def auroc(self) -> float:
        n = self.n_abnormal.sum()
        return float(self.abnormal.sum() / n) if n > 0 and self.n_normal.sum() > 0 else np.nan


def compare(
    first: float, second: float, first_replicates: Floats, second_replicates: Floats
) -> Comparison:
    """Paired bootstrap: both (R,) replicates come from the same `draws`.

    The p-value is twice the smaller share of differences on one side of 0, the observed one
    counted in, so that it is never 0. Raises ValueError where the lengths differ.
    """
    if first_replicates.shape != second_replicates.shape:
        raise ValueError("the two runs have not the same number of replicates")
    differences = first_replicates - second_replicates
    defined = differences[~np.isnan(differences)]
    p_value = float("nan")
    if len(defined) and not np.isnan(first - second):
        smaller = min(np.sum(defined <= 0), np.sum(defined >= 0))
        p_value = min(1.0, 2 * (float(smaller) + 1) / (len(defined) + 1))
    return Comparison(
        difference=first - second, interval=percentile_interval(differences), p_value=p_value
    )


def placements(items: Segments) -> Placements:
    """Summed per video; only segments are sorted."""
    order = descending(items.scores)
    scores = items.scores[order]
    normal, abnormal = items.n_normal[order], items.n_abnormal[order]
    tie = np.cumsum(np.append(False, scores[1:] != scores[:-1])[: len(scores)])
    above, below = _above(abnormal, tie), normal.sum() - _above(normal, tie)
    totals = max(1.0, normal.sum()), max(1.0, abnormal.sum())
    videos = items.videos[order]
    return Placements(
        n_normal=items.per_video(items.n_normal),
        n_abnormal=items.per_video(items.n_abnormal),
        normal=sums(videos, normal * above, items.n_videos) / totals[1],
        abnormal=sums(videos, abnormal * below, items.n_videos) / totals[0],
    )


def compare_delong(first: Placements, second: Placements) -> Comparison:
    """DeLong's test of two AUROCs for frames clustered in videos.

    Obuchowski, "Nonparametric analysis of clustered ROC curve data", Biometrics 53 (1997). NaN
    where fewer than two videos have a class. Raises ValueError for different frames.
    """
    _check_same_frames(first, second)
    difference = first.auroc - second.auroc
    variance = covariance(first, first) + covariance(second, second)
    variance -= 2 * covariance(first, second)
    error = sqrt(variance) if variance > 0 else 0.0 if variance <= 0 else float("nan")
    half = NormalDist().inv_cdf(0.975) * error
    return Comparison(
        difference=difference,
        interval=(difference - half, difference + half),
        p_value=_p_value(difference, error),
    )


def covariance(first: Placements, second: Placements) -> float:
    """Of the two AUROCs, over videos; with itself an AUROC's variance."""
    is_abnormal, is_normal = first.n_abnormal > 0, first.n_normal > 0
    abnormal = [run.abnormal - run.n_abnormal * run.auroc for run in (first, second)]
    normal = [run.normal - run.n_normal * run.auroc for run in (first, second)]
    n_abnormal, n_normal = first.n_abnormal.sum(), first.n_normal.sum()
    if min(is_abnormal.sum(), is_normal.sum()) < 2:
        return float("nan")
    of_abnormal = _correction(is_abnormal) * np.dot(*abnormal) / n_abnormal**2
    of_normal = _correction(is_normal) * np.dot(*normal) / n_normal**2
    across = np.dot(abnormal[0], normal[1]) + np.dot(abnormal[1], normal[0])
    across *= _correction(is_abnormal | is_normal) / (n_abnormal * n_normal)
    return float(of_abnormal + of_normal + across)


def _above(weights: Floats, tie: np.ndarray) -> Floats:
    """What lies above each place of a falling order, and half of what is tied with it."""
    at_score = sums(tie, weights, 0)
    return np.asarray((np.cumsum(at_score) - at_score / 2)[tie])


def _correction(has_class: np.ndarray) -> float:
    n = int(has_class.sum())
    return n / (n - 1)


def _p_value(difference: float, error: float) -> float:
    if error > 0:
        return erfc(abs(difference) / error / sqrt(2))
    return 1.0 if error == 0 and difference == 0 else float("nan")


def _check_same_frames(first: Placements, second: Placements) -> None:
    pairs = (first.n_normal, second.n_normal), (first.n_abnormal, second.n_abnormal)
    if not all(np.array_equal(one, other) for one, other in pairs):
        raise ValueError("the two runs were not scored on the same frames of the same videos")

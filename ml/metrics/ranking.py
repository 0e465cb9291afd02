"""How well scores tell abnormal frames from normal ones: pure functions of arrays.

`labels` (N,) are 0 (normal) or 1 (abnormal), `scores` (N,) are finite and higher is more
abnormal, `weights` (N,) are not negative; a weight counts as that many frames. Equal
scores share one threshold. Where only one class has weight the number is undefined: NaN.
Anything else that cannot be computed raises ValueError with a sentence.

Ranking the scores costs nearly all the time: for several numbers of the same scores, take
them from one `rank(...)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
SIGN = np.uint32(0x8000_0000)


@dataclass(frozen=True, kw_only=True)
class Ranking:
    """What lies at or above each of the M distinct scores, the highest first.

    `true_positives` and `false_positives` (M,) are weights, not shares.
    """

    thresholds: NDArray[Any]
    true_positives: Floats
    false_positives: Floats

    @property
    def is_defined(self) -> bool:
        """Whether both classes are there."""
        if not len(self.thresholds):
            return False
        return bool(self.true_positives[-1] > 0 and self.false_positives[-1] > 0)

    def auroc(self) -> float:
        """Area under the ROC curve: P(abnormal > normal) + P(equal) / 2."""
        if not self.is_defined:
            return float("nan")
        tpr, fpr = _shares(self.true_positives), _shares(self.false_positives)
        return float(np.dot(np.diff(fpr), tpr[1:] + tpr[:-1]) / 2)

    def average_precision(self) -> float:
        """Sum of precision × step in recall, with no interpolation between thresholds."""
        if not self.is_defined:
            return float("nan")
        precision = self.true_positives / (self.true_positives + self.false_positives)
        return float(np.dot(np.diff(_shares(self.true_positives)), precision))

    def pr_auc(self) -> float:
        """Area under the precision-recall points joined by straight lines, from (0, 1) on.

        The number of scikit-learn's `auc(recall, precision)`. It flatters: no classifier lies
        on those lines. Papers on XD-Violence report it.
        """
        if not self.is_defined:
            return float("nan")
        recall, precision, _ = self.pr_curve()
        return float(np.dot(np.diff(recall), precision[1:] + precision[:-1]) / 2)

    def equal_error_rate(self) -> float:
        """False positive rate where it equals the miss rate.

        The ROC points around the crossing are joined by a straight line.
        """
        if not self.is_defined:
            return float("nan")
        tpr, fpr = _shares(self.true_positives), _shares(self.false_positives)
        excess = fpr - (1 - tpr)  # rises from -1 to 1
        after = int(np.searchsorted(excess, 0))
        share = -excess[after - 1] / (excess[after] - excess[after - 1])
        return float(fpr[after - 1] + share * (fpr[after] - fpr[after - 1]))

    def roc_curve(self) -> tuple[Floats, Floats, Floats]:
        """(M+1,) false and true positive rates and thresholds, from (0, 0) at infinity on.

        The rates of a class that has no weight are NaN.
        """
        thresholds = np.concatenate([[np.inf], self.thresholds]).astype(np.float64)
        return _shares(self.false_positives), _shares(self.true_positives), thresholds

    def pr_curve(self) -> tuple[Floats, Floats, Floats]:
        """(M+1,) recall, precision and thresholds, from recall 0 and precision 1 at infinity on.

        Recall is NaN where no abnormal frame has weight.
        """
        flagged = self.true_positives + self.false_positives
        precision = np.concatenate([[1.0], self.true_positives / flagged])
        thresholds = np.concatenate([[np.inf], self.thresholds]).astype(np.float64)
        return _shares(self.true_positives), precision, thresholds


def auroc(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Area under the ROC curve, ties counted half."""
    return rank(labels, scores, weights).auroc()


def average_precision(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Step-wise area under the precision-recall curve."""
    return rank(labels, scores, weights).average_precision()


def pr_auc(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> float:
    """Trapezoid area under the precision-recall curve."""
    return rank(labels, scores, weights).pr_auc()


def equal_error_rate(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Error rate of the threshold at which both kinds of error are equally frequent."""
    return rank(labels, scores, weights).equal_error_rate()


def roc_curve(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None
) -> tuple[Floats, Floats, Floats]:
    """False positive rates, true positive rates and thresholds, one point per distinct score."""
    return rank(labels, scores, weights).roc_curve()


def pr_curve(
    labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None
) -> tuple[Floats, Floats, Floats]:
    """Recall, precision and thresholds, one point per distinct score."""
    return rank(labels, scores, weights).pr_curve()


def misordering(labels: ArrayLike, scores: ArrayLike) -> Floats:
    """(N,) each frame's share of 1 - AUROC: where a pair is in the wrong order, both pay half.

    NaN throughout where the AUROC is undefined.
    """
    is_abnormal, values = _checked(labels, scores)
    normal, abnormal = np.sort(values[~is_abnormal]), np.sort(values[is_abnormal])
    n_pairs = len(normal) * len(abnormal)
    if not n_pairs:
        return np.full(len(values), np.nan)
    lost = np.empty(len(values))
    lost[is_abnormal] = len(normal) - _n_below(values[is_abnormal], normal)
    lost[~is_abnormal] = _n_below(values[~is_abnormal], abnormal)
    return lost / (2 * n_pairs)


def rank(labels: ArrayLike, scores: ArrayLike, weights: ArrayLike | None = None) -> Ranking:
    """Sort once for all the numbers above."""
    is_abnormal, values = _checked(labels, scores)
    if weights is not None:
        return _rank_weighted(is_abnormal, values, _checked_weights(weights, len(values)))
    if values.dtype == np.float32:
        return _rank_float32(is_abnormal, values)
    return _rank_weighted(is_abnormal, values, np.ones(len(values)))


def rank_counts(scores: ArrayLike, n_normal: ArrayLike, n_abnormal: ArrayLike) -> Ranking:
    """Rank (N,) segments that stand for so many normal and abnormal frames each.

    A frame that repeats its neighbour's score costs nothing: only segments are sorted.
    """
    values = checked_scores(scores)
    normal = _checked_weights(n_normal, len(values))
    abnormal = _checked_weights(n_abnormal, len(values))
    order = descending(values)
    order = order[normal[order] + abnormal[order] > 0]
    ends = _ends_of_ties(values[order])
    return Ranking(
        thresholds=values[order[ends]],
        true_positives=np.cumsum(abnormal[order])[ends],
        false_positives=np.cumsum(normal[order])[ends],
    )


def descending(scores: NDArray[Any]) -> NDArray[np.int64]:
    """(N,) the order that puts the highest score first.

    Of float32 the index rides below the score in one integer, which sorts faster than argsort.
    """
    if scores.dtype != np.float32:
        return np.argsort(scores)[::-1].astype(np.int64, copy=False)
    keys = _sortable(scores).astype(np.uint64) << np.uint64(32)
    keys |= np.arange(len(scores), dtype=np.uint64)
    keys.sort()
    return (keys[::-1] & np.uint64(0xFFFF_FFFF)).astype(np.int64)


def sums(at: NDArray[np.int64], weights: Floats, size: int) -> Floats:
    """(size,) the weights that fall on each index."""
    return np.bincount(at, weights=weights, minlength=size).astype(np.float64, copy=False)


def _rank_weighted(
    is_abnormal: NDArray[np.bool_], scores: NDArray[Any], weights: Floats
) -> Ranking:
    counted = weights > 0  # a weightless frame must not add a threshold
    if not counted.all():
        is_abnormal, scores, weights = is_abnormal[counted], scores[counted], weights[counted]
    order = np.argsort(scores)[::-1]
    scores, weights, is_abnormal = scores[order], weights[order], is_abnormal[order]
    ends = _ends_of_ties(scores)
    return Ranking(
        thresholds=scores[ends],
        true_positives=np.cumsum(np.where(is_abnormal, weights, 0))[ends],
        false_positives=np.cumsum(np.where(is_abnormal, 0, weights))[ends],
    )


def _rank_float32(is_abnormal: NDArray[np.bool_], scores: NDArray[np.float32]) -> Ranking:
    """Without an argsort: the label rides in the lowest bit of an integer that sorts as the score.

    Sorting plain integers takes vector instructions; it is several times faster.
    """
    keys = _sortable(scores).astype(np.uint64)
    keys <<= np.uint64(1)
    keys |= is_abnormal
    keys.sort()
    keys = keys[::-1]
    # Two keys of one score differ in the lowest bit at most.
    ends = np.flatnonzero(np.append((keys[1:] ^ keys[:-1]) > 1, len(keys) > 0))
    true_positives = np.cumsum(keys & np.uint64(1), dtype=np.int64)[ends]
    return Ranking(
        thresholds=_from_sortable((keys[ends] >> np.uint64(1)).astype(np.uint32)),
        true_positives=true_positives.astype(np.float64),
        false_positives=(ends + 1 - true_positives).astype(np.float64),
    )


def _sortable(scores: NDArray[np.float32]) -> NDArray[np.uint32]:
    """Integers in the order of the scores: the sign bit flipped, negative ones mirrored."""
    bits = (scores + np.float32(0)).view(np.uint32)  # adding 0 turns -0.0 into 0.0
    mirrored = (bits.view(np.int32) >> 31).view(np.uint32)  # all ones where negative
    return np.asarray(bits ^ (mirrored | SIGN))


def _from_sortable(ordered: NDArray[np.uint32]) -> NDArray[np.float32]:
    return np.where(ordered & SIGN, ordered ^ SIGN, ~ordered).view(np.float32)


def _ends_of_ties(values: NDArray[Any]) -> NDArray[np.intp]:
    """Index of the last of each run of equal values."""
    return np.flatnonzero(np.append(values[1:] != values[:-1], len(values) > 0))


def _n_below(values: NDArray[Any], others: NDArray[Any]) -> Floats:
    """How many of the sorted `others` lie below each value; equal ones count half."""
    return (np.searchsorted(others, values) + np.searchsorted(others, values, side="right")) / 2


def _shares(cumulated: Floats) -> Floats:
    """Cumulated weights as shares of their total, from 0 on."""
    total = cumulated[-1] if len(cumulated) else 0
    shares = cumulated / total if total > 0 else np.full(len(cumulated), np.nan)
    return np.concatenate([[0.0], shares])


def _checked(labels: ArrayLike, scores: ArrayLike) -> tuple[NDArray[np.bool_], NDArray[Any]]:
    label_array, values = np.asarray(labels), np.asarray(scores)
    if label_array.shape != values.shape or values.ndim != 1:
        raise ValueError(
            f"labels {label_array.shape} and scores {values.shape} are not two vectors of one "
            "length"
        )
    values = checked_scores(values)
    is_abnormal = label_array == 1
    if not np.all(is_abnormal | (label_array == 0)):
        raise ValueError("labels must be 0 (normal) or 1 (abnormal)")
    return is_abnormal, values


def checked_scores(scores: ArrayLike) -> NDArray[Any]:
    """(N,) finite floats; ValueError otherwise."""
    values = np.asarray(scores)
    if values.dtype.kind != "f":
        values = values.astype(np.float64)
    if values.ndim != 1:
        raise ValueError(f"scores {values.shape} are not a vector")
    n_bad = np.count_nonzero(~np.isfinite(values))
    if n_bad:
        raise ValueError(f"{n_bad} of {len(values)} scores are NaN or infinite")
    return values


def _checked_weights(weights: ArrayLike, n_scores: int) -> Floats:
    values = np.asarray(weights, dtype=np.float64)
    if values.shape != (n_scores,):
        raise ValueError(f"{values.shape} weights for {n_scores} scores")
    if not np.all(np.isfinite(values) & (values >= 0)):
        raise ValueError("weights must be finite and not negative")
    return values

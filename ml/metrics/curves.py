"""The numbers of many rankings at once: each row cumulates the weights of one ranking.

`true` and `false` (R, K) are weights at or above each of K falling thresholds, some of which
may have no weight of their own. A row in which a class is missing yields NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ml.metrics.ranking import Floats, Ranking


def auroc(true: Floats, false: Floats) -> Floats:
    tpr, fpr = _rates(true), _rates(false)
    return np.asarray(np.sum(np.diff(fpr) * (tpr[:, 1:] + tpr[:, :-1]), axis=1) / 2)


def average_precision(true: Floats, false: Floats) -> Floats:
    steps = np.diff(_rates(true))
    return np.asarray(np.sum(steps * _precisions(true, false)[:, 1:], axis=1))


def pr_auc(true: Floats, false: Floats) -> Floats:
    precisions = _precisions(true, false)
    steps = np.diff(_rates(true))
    return np.asarray(np.sum(steps * (precisions[:, 1:] + precisions[:, :-1]), axis=1) / 2)


def equal_error_rate(true: Floats, false: Floats) -> Floats:
    tpr, fpr = _rates(true), _rates(false)
    excess = fpr - (1 - tpr)  # rises from -1 to 1
    after = np.maximum(1, np.argmax(excess >= 0, axis=1))  # 0 only where excess is NaN
    rows = np.arange(len(excess))
    low, high = excess[rows, after - 1], excess[rows, after]
    start, stop = fpr[rows, after - 1], fpr[rows, after]
    return np.asarray(start - low / (high - low) * (stop - start))


CurveMetric = Callable[[Floats, Floats], Floats]
CURVE_METRICS: dict[str, CurveMetric] = {
    "auroc": auroc,
    "average_precision": average_precision,
    "pr_auc": pr_auc,
    "equal_error_rate": equal_error_rate,
}


def of_ranking(metric: CurveMetric, ranking: Ranking) -> float:
    """Of one ranking; NaN where a class is missing."""
    if not ranking.is_defined:
        return float("nan")
    return float(metric(ranking.true_positives[None], ranking.false_positives[None])[0])


def precision(true: Floats, false: Floats, n_true: Floats, n_false: Floats) -> Floats:
    return _ratio(true, true + false)


def recall(true: Floats, false: Floats, n_true: Floats, n_false: Floats) -> Floats:
    return _ratio(true, n_true)


def f1(true: Floats, false: Floats, n_true: Floats, n_false: Floats) -> Floats:
    return _ratio(2 * true, true + false + n_true)


def false_alarm_rate(true: Floats, false: Floats, n_true: Floats, n_false: Floats) -> Floats:
    return _ratio(false, n_false)


# Of (R,) weights flagged at one threshold and in all.
THRESHOLD_METRICS: dict[str, Callable[[Floats, Floats, Floats, Floats], Floats]] = {
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "false_alarm_rate": false_alarm_rate,
}


def _rates(cumulated: Floats) -> Floats:
    """(R, K+1) shares of each row's total, from 0 on."""
    rates = _ratio(cumulated, cumulated[:, -1:])
    return np.concatenate([np.zeros((len(rates), 1)), rates], axis=1)


def _precisions(true: Floats, false: Floats) -> Floats:
    """(R, K+1), 1 as long as nothing is flagged; NaN where a row has no normal frame."""
    flagged = true + false
    precisions = np.divide(true, flagged, out=np.ones_like(flagged), where=flagged > 0)
    precisions[false[:, -1] <= 0] = np.nan
    return np.concatenate([np.ones((len(precisions), 1)), precisions], axis=1)


def _ratio(part: Floats, whole: Floats) -> Floats:
    whole = np.broadcast_to(whole, part.shape)
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)

"""What happens when every frame that scores at least a threshold is flagged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.metrics.ranking import Ranking


@dataclass(frozen=True, kw_only=True)
class AtThreshold:
    """Weights of flagged and missed frames; a share of nothing is NaN."""

    true_positives: float
    false_positives: float
    false_negatives: float
    true_negatives: float

    @property
    def precision(self) -> float:
        return _share(self.true_positives, self.false_positives)

    @property
    def recall(self) -> float:
        return _share(self.true_positives, self.false_negatives)

    @property
    def f1(self) -> float:
        errors = self.false_positives + self.false_negatives
        return _share(2 * self.true_positives, errors)

    @property
    def false_alarm_rate(self) -> float:
        """Share of the normal frames that are flagged."""
        return _share(self.false_positives, self.true_negatives)


def at_threshold(ranking: Ranking, threshold: float) -> AtThreshold:
    """Flag what scores at least `threshold`."""
    # In float64, so that a threshold is not rounded onto a float32 score.
    ascending = ranking.thresholds[::-1].astype(np.float64)
    n_at_or_above = len(ascending) - int(np.searchsorted(ascending, threshold))
    true = np.concatenate([[0.0], ranking.true_positives])
    false = np.concatenate([[0.0], ranking.false_positives])
    return AtThreshold(
        true_positives=float(true[n_at_or_above]),
        false_positives=float(false[n_at_or_above]),
        false_negatives=float(true[-1] - true[n_at_or_above]),
        true_negatives=float(false[-1] - false[n_at_or_above]),
    )


def equal_error_threshold(ranking: Ranking) -> float:
    """The score at which false positive rate and miss rate are closest; NaN if undefined."""
    if not ranking.is_defined:
        return float("nan")
    fpr, tpr, thresholds = ranking.roc_curve()
    return float(thresholds[1:][np.argmin(np.abs(fpr + tpr - 1)[1:])])


def best_f1_threshold(ranking: Ranking) -> float:
    """The highest score at which F1 is greatest; NaN if undefined."""
    if not ranking.is_defined:
        return float("nan")
    flagged = ranking.true_positives + ranking.false_positives
    f1 = 2 * ranking.true_positives / (flagged + ranking.true_positives[-1])
    return float(ranking.thresholds[np.argmax(f1)])


def normal_quantile_threshold(ranking: Ranking, rate: float) -> float:
    """The lowest score at which at most `rate` (0 to 1) of the normal frames are flagged.

    Where even the highest score flags more, just above that one; NaN without normal frames.
    """
    if not len(ranking.thresholds) or not ranking.false_positives[-1] > 0:
        return float("nan")
    allowed = rate * ranking.false_positives[-1]
    n_thresholds = int(np.searchsorted(ranking.false_positives, allowed, side="right"))
    if n_thresholds:
        return float(ranking.thresholds[n_thresholds - 1])
    return float(np.nextafter(float(ranking.thresholds[0]), np.inf))


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part + rest > 0 else float("nan")

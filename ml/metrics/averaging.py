"""The mean of several ROC curves, as of the folds of a cross-validation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.metrics.ranking import Floats

N_POINTS = 101  # of the mean curve: every hundredth


def averaged_roc(
    curves: Sequence[tuple[Sequence[float], Sequence[float]]],
) -> tuple[Floats, Floats]:
    """False positive rates and, at each of them, the mean of the curves' true positive rates.

    Vertical averaging (Fawcett, An introduction to ROC analysis, 2006): `curves` are pairs of
    rising false and true positive rates, with straight lines between their points. Each begins
    at (0, 0). Empty without curves.
    """
    if not curves:
        return np.empty(0), np.empty(0)
    at = np.linspace(0, 1, N_POINTS)
    rows = np.array([np.interp(at, fpr, tpr) for fpr, tpr in curves])
    mean = rows.mean(axis=0)
    return np.concatenate([[0.0], at]), np.concatenate([[0.0], mean])

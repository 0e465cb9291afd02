"""The mean of ROC curves, against the recipe of scikit-learn's example on cross-validation."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import auc, roc_auc_score, roc_curve

from ml.metrics import averaged_roc


def curves() -> tuple[list[tuple[list[float], list[float]]], list[float]]:
    rng = np.random.default_rng(0)
    found, areas = [], []
    for _fold in range(4):
        labels = rng.integers(0, 2, 300)
        scores = labels + rng.normal(size=300)
        fpr, tpr, _thresholds = roc_curve(labels, scores, drop_intermediate=False)
        found.append((fpr.tolist(), tpr.tolist()))
        areas.append(roc_auc_score(labels, scores))
    return found, areas


def test_it_is_the_mean_at_equal_false_positive_rates() -> None:
    found, areas = curves()

    fpr, tpr = averaged_roc(found)

    expected = np.mean([np.interp(fpr[1:], *each) for each in found], axis=0)
    np.testing.assert_array_equal(tpr[1:], expected)
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    assert auc(fpr, tpr) == pytest.approx(np.mean(areas), abs=0.005)


def test_without_curves_it_is_empty() -> None:
    fpr, tpr = averaged_roc([])
    assert len(fpr) == len(tpr) == 0

"""Numbers at one threshold, against scikit-learn and by hand; Wilson's interval."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as peer

from ml import metrics
from tests.ml.metrics.test_ranking import TOLERANCE, labelled_scores


@given(labelled_scores(), st.sampled_from([-1.5, 0.0, 0.3, 0.5, 1e7]))
def test_numbers_at_a_threshold_equal_scikit_learn(case, threshold):
    labels, scores, weights = case
    found = metrics.at_threshold(metrics.rank(labels, scores, weights), threshold)
    flagged = scores >= threshold
    for ours, theirs in (
        (found.precision, peer.precision_score),
        (found.recall, peer.recall_score),
        (found.f1, peer.f1_score),
    ):
        expected = theirs(labels, flagged, sample_weight=weights, zero_division=np.nan)
        assert ours == pytest.approx(expected, abs=TOLERANCE, nan_ok=True)
    normal = labels == 0
    expected = np.average(flagged[normal], weights=weights[normal])
    assert found.false_alarm_rate == pytest.approx(expected, abs=TOLERANCE)


def test_a_threshold_just_above_a_float32_score_does_not_flag_it():
    ranking = metrics.rank([0, 1], np.array([0.1, 0.2], dtype=np.float32))
    above = np.nextafter(np.float64(np.float32(0.2)), 1)
    assert metrics.at_threshold(ranking, above).true_positives == 0


@given(labelled_scores())
def test_best_f1_is_the_greatest_of_all_thresholds(case):
    ranking = metrics.rank(*case)
    best = metrics.at_threshold(ranking, metrics.best_f1_threshold(ranking)).f1
    every = [metrics.at_threshold(ranking, float(t)).f1 for t in ranking.thresholds]
    assert best == pytest.approx(max(every), abs=TOLERANCE)


def test_equal_error_threshold_by_hand():
    ranking = metrics.rank([1, 0, 1, 0], [4, 3, 2, 1])
    assert metrics.equal_error_threshold(ranking) == 3.0


def test_thresholds_of_one_class_are_undefined():
    ranking = metrics.rank([1, 1], [0.1, 0.2])
    chosen = metrics.best_f1_threshold(ranking), metrics.equal_error_threshold(ranking)
    assert np.isnan(chosen).all()
    assert np.isnan(metrics.at_threshold(ranking, 0.0).false_alarm_rate)


def test_wilson_of_known_values():
    assert metrics.wilson(62, 63) == pytest.approx((0.915, 0.997), abs=5e-4)
    assert metrics.wilson(0, 10) == pytest.approx((0.0, 0.2775), abs=5e-5)
    assert metrics.wilson(10, 10) == pytest.approx((0.7225, 1.0), abs=5e-5)


def test_wilson_of_nothing_is_undefined_and_of_nonsense_refused():
    assert np.isnan(metrics.wilson(0, 0)).all()
    with pytest.raises(ValueError, match="3 of 2 is not a share"):
        metrics.wilson(3, 2)

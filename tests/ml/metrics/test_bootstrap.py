"""Replicates against resampling the frames and asking scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics as peer

from ml import metrics
from ml.metrics import bootstrap, curves
from tests.ml.metrics.cases import resampled, videos

TOLERANCE = 1e-9
NAMES = ["auroc", "average_precision", "pr_auc", "equal_error_rate"]
AT_THRESHOLD = ["precision", "recall", "f1", "false_alarm_rate"]


def peer_numbers(labels, scores):
    precision, recall, _ = peer.precision_recall_curve(labels, scores)
    return [
        peer.roc_auc_score(labels, scores),
        peer.average_precision_score(labels, scores),
        peer.auc(recall, precision),
        metrics.equal_error_rate(labels, scores),
    ]


@pytest.fixture(params=[None, 7], ids=["distinct", "tied"])
def case(request):
    return videos(np.random.default_rng(1), 12, 60, request.param)


def test_draws_hold_as_many_videos_as_there_are():
    counts = metrics.draws(9, 50, seed=3)
    assert counts.shape == (50, 9)
    assert (counts.sum(axis=1) == 9).all()
    np.testing.assert_array_equal(counts, metrics.draws(9, 50, seed=3))


def test_auroc_replicates_equal_resampling_with_scikit_learn(case):
    result = metrics.bootstrap_auroc(*case, n_replicates=60, seed=4)
    expected = [
        peer.roc_auc_score(*resampled(*case, counts)) for counts in metrics.draws(12, 60, seed=4)
    ]
    np.testing.assert_allclose(result.replicates, expected, rtol=0, atol=TOLERANCE)
    assert result.interval == pytest.approx(np.quantile(expected, [0.025, 0.975]), abs=TOLERANCE)
    labels, scores = (np.concatenate(vectors) for vectors in case)
    assert result.value == pytest.approx(peer.roc_auc_score(labels, scores), abs=1e-12)
    assert result.n_undefined == 0


def test_replicates_without_a_class_are_counted_and_left_out():
    labels, scores = [[1, 1], [0, 0]], [[3.0, 1.0], [2.0, 0.0]]
    result = metrics.bootstrap_auroc(labels, scores, n_replicates=200, seed=0)
    lacks_one = (metrics.draws(2, 200, seed=0) == 0).any(axis=1)
    np.testing.assert_array_equal(np.isnan(result.replicates), lacks_one)
    assert result.n_undefined == lacks_one.sum() > 0
    assert result.interval == (0.75, 0.75)


@pytest.mark.parametrize("case", [([[0], [0]], [[1.0], [2.0]]), ([], []), ([[1]], [[1.0]])])
def test_one_class_has_no_interval(case):
    result = metrics.bootstrap_auroc(*case, n_replicates=20, seed=0)
    assert np.isnan([result.value, *result.interval]).all()
    several = metrics.bootstrap_metrics(
        metrics.segments(*case), NAMES, metrics.draws(len(case[0]), 20, seed=0)
    )
    assert np.isnan(several.replicates).all()
    assert several.n_undefined["auroc"] == 20


def test_curve_replicates_equal_resampling_with_scikit_learn(case):
    counts = metrics.draws(12, 40, seed=8)
    result = metrics.bootstrap_metrics(metrics.segments(*case), NAMES, counts)
    expected = [peer_numbers(*resampled(*case, row)) for row in counts]
    np.testing.assert_allclose(result.replicates, expected, rtol=0, atol=TOLERANCE)
    whole = peer_numbers(*(np.concatenate(vectors) for vectors in case))
    assert list(result.values.values()) == pytest.approx(whole, abs=TOLERANCE)


@pytest.mark.parametrize("max_bins", [4_096, 20])
@pytest.mark.parametrize("threshold", [-9.0, 0.0, 0.3, 3.0])
def test_replicates_at_a_threshold_are_exact_in_few_bins_too(
    case, threshold, max_bins, monkeypatch
):
    monkeypatch.setattr(bootstrap, "MAX_BINS", max_bins)
    counts = metrics.draws(12, 30, seed=2)
    items = metrics.segments(*case)
    result = metrics.bootstrap_metrics(items, AT_THRESHOLD, counts, threshold)
    for row, replicate in zip(counts, result.replicates, strict=True):
        labels, scores = resampled(*case, row)
        flagged = scores.astype(np.float64) >= threshold
        tn, fp, fn, tp = peer.confusion_matrix(labels, flagged, labels=[0, 1]).ravel()
        shares = [(tp, fp), (tp, fn), (2 * tp, fp + fn), (fp, tn)]
        expected = [part / (part + rest) if part + rest else np.nan for part, rest in shares]
        np.testing.assert_allclose(replicate, expected, rtol=0, atol=TOLERANCE)


def test_bins_stay_close_to_the_exact_replicates():
    items = metrics.segments(*videos(np.random.default_rng(9), 40, 1_000))
    counts = metrics.draws(40, 50, seed=1)
    binned = metrics.bootstrap_metrics(items, NAMES, counts)
    exact = metrics.bootstrap_auroc_of(items, counts)
    assert len(items.ranking().thresholds) > bootstrap.MAX_BINS
    assert binned.values["auroc"] == pytest.approx(exact.value, abs=1e-12)
    np.testing.assert_allclose(binned.replicates[:, 0], exact.replicates, rtol=0, atol=1e-5)


def test_unknown_names_are_refused():
    items, counts = metrics.segments([[0, 1]], [[0.0, 1.0]]), metrics.draws(1, 2, seed=0)
    with pytest.raises(ValueError, match="'recall' cannot be bootstrapped"):
        metrics.bootstrap_metrics(items, ["recall"], counts)


def test_numbers_of_ones_own_are_drawn_like_the_others(case):
    items, counts = metrics.segments(*case), metrics.draws(12, 40, seed=8)
    more = {"ours": curves.pr_auc}
    result = metrics.bootstrap_metrics(items, ["pr_auc", "ours"], counts, more=more)
    assert result.values["ours"] == pytest.approx(result.values["pr_auc"], abs=1e-12)
    np.testing.assert_allclose(*result.replicates.T, rtol=0, atol=TOLERANCE)


def test_numbers_of_ones_own_are_not_asked_where_a_class_is_missing():
    items, counts = (
        metrics.segments([[1, 1], [0, 0]], [[3.0, 1.0], [2.0, 0.0]]),
        np.eye(2, dtype=int),
    )
    more = {"ours": lambda true, false: pytest.fail("asked")}
    alone = metrics.segments([[1, 1]], [[3.0, 1.0]])
    assert np.isnan(
        metrics.bootstrap_metrics(alone, ["ours"], counts[:1, :1], more=more).values["ours"]
    )
    more = {"ours": lambda true, false: true[:, -1]}
    assert np.isnan(metrics.bootstrap_metrics(items, ["ours"], counts, more=more).replicates).all()

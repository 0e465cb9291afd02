"""Metrics against scikit-learn, against the definition, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics as peer

from ml import metrics

TOLERANCE = 1e-12
FEW_SCORES = st.sampled_from([-1.5, -0.0, 0.0, 0.25, 0.5, 1.0])  # so that ties are common


@st.composite
def labelled_scores(draw, dtype=np.float64):
    """Labels with both classes, scores with many ties, and weights, some of them zero."""
    n = draw(st.integers(2, 40))
    labels = draw(hnp.arrays(np.uint8, n, elements=st.integers(0, 1)))
    labels[:2] = 0, 1
    wide = st.floats(-1e6, 1e6, width=32)
    scores = draw(hnp.arrays(dtype, n, elements=st.one_of(FEW_SCORES, wide)))
    weights = draw(hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 0.5, 1.0, 3.0])))
    weights[:2] = 1.0
    return labels, scores, weights


@given(labelled_scores())
def test_auroc_equals_scikit_learn(case):
    labels, scores, weights = case
    assert metrics.auroc(labels, scores) == pytest.approx(
        peer.roc_auc_score(labels, scores), abs=TOLERANCE
    )
    assert metrics.auroc(labels, scores, weights) == pytest.approx(
        peer.roc_auc_score(labels, scores, sample_weight=weights), abs=TOLERANCE
    )


@given(labelled_scores())
def test_average_precision_equals_scikit_learn(case):
    labels, scores, weights = case
    assert metrics.average_precision(labels, scores) == pytest.approx(
        peer.average_precision_score(labels, scores), abs=TOLERANCE
    )
    assert metrics.average_precision(labels, scores, weights) == pytest.approx(
        peer.average_precision_score(labels, scores, sample_weight=weights), abs=TOLERANCE
    )


@given(labelled_scores())
def test_roc_curve_equals_scikit_learn(case):
    labels, scores, weights = case
    expected = peer.roc_curve(labels, scores, sample_weight=weights, drop_intermediate=False)
    for ours, theirs in zip(metrics.roc_curve(labels, scores, weights), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=TOLERANCE)


@given(labelled_scores())
def test_pr_curve_and_its_area_equal_scikit_learn(case):
    labels, scores, weights = case
    precision, recall, thresholds = peer.precision_recall_curve(
        labels, scores, sample_weight=weights
    )
    ours = metrics.pr_curve(labels, scores, weights)
    # scikit-learn keeps a threshold that only weightless frames reach.
    assert set(ours[2][1:]) <= set(thresholds)
    area = metrics.pr_auc(labels, scores, weights)
    assert area == pytest.approx(peer.auc(recall, precision), abs=TOLERANCE)
    precision, recall, thresholds = peer.precision_recall_curve(labels, scores)
    expected = recall[::-1], precision[::-1], np.append(np.inf, thresholds[::-1])
    for curve, theirs in zip(metrics.pr_curve(labels, scores), expected, strict=True):
        np.testing.assert_allclose(curve, theirs, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(case=labelled_scores())
def test_counts_of_segments_rank_as_their_frames(case, dtype):
    labels, scores, weights = case
    scores = scores.astype(dtype)
    normal, abnormal = weights * (labels == 0), weights * (labels == 1)
    ours, plain = metrics.rank_counts(scores, normal, abnormal), metrics.rank(*case)
    np.testing.assert_array_equal(ours.thresholds, plain.thresholds)
    np.testing.assert_allclose(ours.true_positives, plain.true_positives, atol=TOLERANCE)
    np.testing.assert_allclose(ours.false_positives, plain.false_positives, atol=TOLERANCE)


@given(labelled_scores(dtype=np.float32))
def test_rank_of_float32_equals_that_of_float64(case):
    labels, scores, _ = case
    packed = metrics.rank(labels, scores)
    plain = metrics.rank(labels, scores.astype(np.float64))
    np.testing.assert_array_equal(packed.thresholds, plain.thresholds)
    np.testing.assert_array_equal(packed.true_positives, plain.true_positives)
    np.testing.assert_array_equal(packed.false_positives, plain.false_positives)


@given(labelled_scores())
def test_auroc_is_the_chance_to_order_a_pair_rightly(case):
    labels, scores, _ = case
    abnormal, normal = scores[labels == 1][:, None], scores[labels == 0][None, :]
    by_pairs = np.mean((abnormal > normal) + 0.5 * (abnormal == normal))
    assert metrics.auroc(labels, scores) == pytest.approx(by_pairs, abs=TOLERANCE)


@given(labelled_scores())
def test_equal_error_rate_lies_where_both_errors_are_equal(case):
    labels, scores, weights = case
    fpr, tpr, _ = metrics.roc_curve(labels, scores, weights)
    rate = metrics.equal_error_rate(labels, scores, weights)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(fpr), np.diff(tpr)))])
    fine = np.linspace(0, along[-1], 20_001)
    distance = np.abs(np.interp(fine, along, fpr) - rate) + np.abs(
        np.interp(fine, along, 1 - tpr) - rate
    )
    assert distance.min() < 1e-3


@given(labelled_scores())
def test_misordering_shares_out_what_the_auroc_lacks(case):
    labels, scores, _ = case
    shares = metrics.misordering(labels, scores)
    assert shares.sum() == pytest.approx(1 - metrics.auroc(labels, scores), abs=TOLERANCE)
    is_wrong = (scores[:, None] < scores) + 0.5 * (scores[:, None] == scores)
    pairs = is_wrong * np.outer(labels == 1, labels == 0)
    by_pairs = (pairs.sum(axis=0) + pairs.sum(axis=1)) / 2
    n_pairs = (labels == 1).sum() * (labels == 0).sum()
    np.testing.assert_allclose(shares, by_pairs / n_pairs, rtol=0, atol=TOLERANCE)


def test_misordering_is_undefined_with_the_auroc():
    assert np.isnan(metrics.misordering([1, 1], [0.1, 0.2])).all()


def test_weights_count_as_repeated_frames():
    labels, scores, weights = [0, 1, 0, 1], [0.1, 0.4, 0.4, 0.9], [3, 1, 2, 4]
    repeated = np.repeat(labels, weights), np.repeat(scores, weights)
    for number in (metrics.auroc, metrics.average_precision, metrics.equal_error_rate):
        assert number(labels, scores, weights) == pytest.approx(number(*repeated), abs=TOLERANCE)


def test_equal_error_rate_by_hand():
    # Thresholds 4, 3, 2, 1: fpr 0, ½, ½, 1 and miss rate ½, ½, 0, 0.
    assert metrics.equal_error_rate([1, 0, 1, 0], [4, 3, 2, 1]) == 0.5
    # All scores equal: one diagonal segment, crossed in the middle.
    assert metrics.equal_error_rate([1, 0, 1, 0], [7, 7, 7, 7]) == 0.5
    assert metrics.equal_error_rate([1, 1, 0, 0], [4, 3, 2, 1]) == 0.0


def test_auroc_of_equal_scores_is_one_half():
    assert metrics.auroc([0, 1, 1], [0.3, 0.3, 0.3]) == 0.5


def test_signed_zeros_are_one_score():
    scores = np.array([-0.0, 0.0], dtype=np.float32)
    assert metrics.auroc([0, 1], scores) == 0.5
    assert len(metrics.rank([0, 1], scores).thresholds) == 1


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("labels", [[], [1], [0], [0, 0, 0], [1, 1]])
def test_one_class_is_undefined(labels, dtype):
    scores = np.linspace(0, 1, len(labels)).astype(dtype)
    assert np.isnan(metrics.auroc(labels, scores))
    assert np.isnan(metrics.average_precision(labels, scores))
    assert np.isnan(metrics.equal_error_rate(labels, scores))
    assert np.isnan(metrics.pr_auc(labels, scores))


def test_a_class_of_zero_weight_is_undefined():
    assert np.isnan(metrics.auroc([0, 1], [0.1, 0.9], [0, 1]))


def test_roc_curve_of_nothing_is_its_origin():
    fpr, tpr, thresholds = metrics.roc_curve([], [])
    assert (fpr.tolist(), tpr.tolist(), thresholds.tolist()) == ([0], [0], [np.inf])


@pytest.mark.parametrize(
    ("labels", "scores", "weights", "sentence"),
    [
        ([0, 1, 1], [0.1, np.nan, np.inf], None, "2 of 3 scores are NaN or infinite"),
        ([0, 1], [0.1], None, "not two vectors of one length"),
        ([[0, 1]], [[0.1, 0.2]], None, "not two vectors of one length"),
        ([0, 2], [0.1, 0.2], None, "labels must be 0"),
        ([0, 1], [0.1, 0.2], [1, -1], "weights must be finite and not negative"),
        ([0, 1], [0.1, 0.2], [1, np.nan], "weights must be finite and not negative"),
        ([0, 1], [0.1, 0.2], [1], "weights for 2 scores"),
    ],
)
def test_bad_input_is_refused_with_a_sentence(labels, scores, weights, sentence):
    with pytest.raises(ValueError, match=sentence):
        metrics.auroc(labels, scores, weights)


@pytest.mark.shared_data
def test_published_ped2_scores_give_their_published_number(shared_data):
    scores = np.load(shared_data / "ped2/published-scores/hyrsta_best_normalized_losses.npy")
    labels = np.load(shared_data / "ped2/gt/frame_labels_ped2_mnad.npy")[0]
    assert metrics.auroc(labels, scores) == pytest.approx(0.95695, abs=5e-6)

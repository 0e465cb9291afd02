"""Paired comparison and DeLong's test against direct computations."""

import numpy as np
import pytest
from scipy.stats import norm

from ml import metrics
from tests.ml.metrics.cases import videos


def kernels(labels, scores):
    """Per video and video: sums of the pair kernel, computed pair by pair."""
    return [
        [
            np.sum((s[x == 1][:, None] > t[y == 0]) + 0.5 * (s[x == 1][:, None] == t[y == 0]))
            for y, t in zip(labels, scores, strict=True)
        ]
        for x, s in zip(labels, scores, strict=True)
    ]


def direct_variance(labels, first, second):
    """Obuchowski's formula for the difference, as printed, from O(n²) pairs."""
    m = np.array([np.sum(x == 1) for x in labels])
    n = np.array([np.sum(x == 0) for x in labels])
    M, N = m.sum(), n.sum()
    pairs = np.array(kernels(labels, first)) - np.array(kernels(labels, second))
    theta = pairs.sum() / (M * N)
    x = pairs.sum(axis=1) / N - m * theta
    y = pairs.sum(axis=0) / M - n * theta
    i10, i01, i = np.sum(m > 0), np.sum(n > 0), np.sum(m + n > 0)
    s10 = i10 / ((i10 - 1) * M) * np.sum(x * x)
    s01 = i01 / ((i01 - 1) * N) * np.sum(y * y)
    s11 = i / (i - 1) * np.sum(x * y)
    return theta, s10 / M + s01 / N + 2 * s11 / (M * N)


@pytest.mark.parametrize("levels", [None, 5])
def test_delong_equals_the_direct_computation(levels):
    rng = np.random.default_rng(11)
    labels, first = videos(rng, 20, 30, levels)
    second = [np.round(s + rng.normal(size=len(s)), 1) for s in first]
    difference, variance = direct_variance(labels, first, second)
    ours = metrics.compare_delong(*(placed(labels, scores) for scores in (first, second)))
    half = norm.ppf(0.975) * np.sqrt(variance)
    assert ours.difference == pytest.approx(difference, abs=1e-12)
    assert ours.interval == pytest.approx((difference - half, difference + half), abs=1e-9)
    p_value = 2 * norm.sf(abs(difference) / np.sqrt(variance))
    assert ours.p_value == pytest.approx(p_value, abs=1e-9)


def placed(labels, scores):
    return metrics.placements(metrics.segments(labels, scores))


def test_placements_hold_the_auroc():
    labels, scores = videos(np.random.default_rng(2), 9, 30, 6)
    expected = metrics.auroc(np.concatenate(labels), np.concatenate(scores))
    assert placed(labels, scores).auroc == pytest.approx(expected, abs=1e-12)


def test_a_run_does_not_differ_from_itself():
    run = placed(*videos(np.random.default_rng(2), 9, 30))
    result = metrics.compare_delong(run, run)
    assert (result.difference, result.interval, result.p_value) == (0.0, (0.0, 0.0), 1.0)


def test_delong_is_undefined_for_one_class_and_for_one_video():
    for labels in ([[0, 0]], [[0, 1]], [[1], [1]]):
        run = placed(labels, [np.arange(len(video)) * 1.0 for video in labels])
        assert np.isnan(metrics.compare_delong(run, run).p_value)


def test_delong_refuses_runs_over_other_frames():
    runs = placed([[0, 1]], [[0.0, 1.0]]), placed([[1, 1]], [[0.0, 1.0]])
    with pytest.raises(ValueError, match="not scored on the same frames"):
        metrics.compare_delong(*runs)


def test_paired_bootstrap_by_hand():
    first, second = np.array([0.9, 0.8, np.nan, 0.7]), np.array([0.8, 0.85, 0.5, 0.6])
    result = metrics.compare(0.8, 0.7, first, second)
    assert result.difference == pytest.approx(0.1)
    assert result.p_value == 1.0  # one of three on the other side: 2 × (1 + 1) / (3 + 1)
    assert result.interval == pytest.approx(np.quantile([0.1, -0.05, 0.1], [0.025, 0.975]))


def test_paired_bootstrap_sees_a_difference_that_every_replicate_shows():
    replicates = np.linspace(0.4, 0.6, 999)
    result = metrics.compare(0.6, 0.5, replicates + 0.1, replicates)
    assert result.p_value == pytest.approx(0.002)
    assert result.interval == pytest.approx((0.1, 0.1))


def test_paired_bootstrap_refuses_other_draws():
    with pytest.raises(ValueError, match="same number of replicates"):
        metrics.compare(0.5, 0.5, np.zeros(3), np.zeros(4))


def test_paired_bootstrap_without_replicates_is_undefined():
    nothing = np.full(3, np.nan)
    assert np.isnan(metrics.compare(0.5, 0.5, nothing, nothing).p_value)

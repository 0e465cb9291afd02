"""Pair counts and segments against the definition."""

import numpy as np
import pytest
from hypothesis import given

from ml import metrics
from tests.ml.metrics.cases import several_videos, videos


def by_definition(labels, scores):
    n = len(labels)
    counts = np.zeros((n, n))
    for i in range(n):
        abnormal = scores[i][labels[i] == 1][:, None]
        for j in range(n):
            normal = scores[j][labels[j] == 0][None, :]
            counts[i, j] = np.sum((abnormal > normal) + 0.5 * (abnormal == normal))
    return counts


def counted(items):
    return metrics.pair_counts(
        items.n_normal, items.n_abnormal, items.scores, items.videos, items.n_videos
    )


@given(several_videos())
def test_pair_counts_are_those_of_the_definition(case):
    counts = counted(metrics.segments(*case))
    np.testing.assert_array_equal(counts, by_definition(*case))


@pytest.mark.parametrize("levels", [None, 2, 60, 3_000])
def test_pair_counts_of_many_blocks_and_scores_shared_by_many_videos(levels):
    case = videos(np.random.default_rng(5), 60, 120, levels)
    np.testing.assert_array_equal(counted(metrics.segments(*case)), by_definition(*case))


def test_pair_counts_do_not_depend_on_the_size_of_chunks(monkeypatch):
    items = metrics.segments(*videos(np.random.default_rng(6), 20, 200))
    whole = counted(items)
    monkeypatch.setattr("ml.metrics.pairs.CHUNK_VALUES", 50)
    np.testing.assert_array_equal(counted(items), whole)


def test_pair_counts_of_nothing_are_zero():
    assert counted(metrics.segments([], [])).shape == (0, 0)
    assert counted(metrics.segments([[]], [[]])).tolist() == [[0.0]]


def test_neighbours_of_one_score_are_one_segment_within_their_video():
    items = metrics.segments([[0, 1, 1], [], [0]], [[2.0, 2.0, 1.0], [], [1.0]])
    assert items.scores.tolist() == [2.0, 1.0, 1.0]
    assert items.n_normal.tolist() == [1, 0, 1]
    assert items.n_abnormal.tolist() == [1, 1, 0]
    assert items.videos.tolist() == [0, 0, 2]


@given(several_videos())
def test_ranking_of_segments_equals_that_of_frames(case):
    labels, scores = (np.concatenate(vectors) for vectors in case)
    ours, plain = metrics.segments(*case).ranking(), metrics.rank(labels, scores)
    np.testing.assert_array_equal(ours.thresholds, plain.thresholds)
    np.testing.assert_array_equal(ours.true_positives, plain.true_positives)
    np.testing.assert_array_equal(ours.false_positives, plain.false_positives)


@pytest.mark.parametrize(
    ("labels", "scores", "sentence"),
    [
        ([[0, 1]], [[0.0, np.nan]], "1 of 2 scores are NaN or infinite"),
        ([[0, 2]], [[0.0, 1.0]], "labels must be 0"),
        ([[0, 1], [0]], [[0.0], [0.0, 1.0]], "not as many labels as scores"),
        ([[0, 1]], [], "labels of 1 and scores of 0"),
    ],
)
def test_bad_videos_are_refused_with_a_sentence(labels, scores, sentence):
    with pytest.raises(ValueError, match=sentence):
        metrics.segments(labels, scores)

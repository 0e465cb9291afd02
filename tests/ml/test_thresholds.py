"""Thresholds are chosen on validation scores alone, and never look at what they are judged by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml import metrics
from ml.evaluation import ScoredVideo, Settings, evaluate_videos, intervals
from ml.evaluation.thresholds import FALSE_ALARM_RATE

LENGTH = st.integers(1, 60)
# Few distinct values, so that there are ties.
VALUES = st.integers(-8, 8).map(lambda value: value / 4)


@pytest.fixture(scope="module", autouse=True)
def _few_replicates():
    """No threshold goes by how often videos are drawn, which takes most of an evaluation's time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intervals, "N_REPLICATES", 20)
        yield


def video(scores, labels, video_id="v"):
    return ScoredVideo(
        video_id=video_id,
        scores=np.array(scores, dtype=np.float32),
        labels=np.array(labels, dtype=np.uint8),
    )


@st.composite
def videos(draw, name="v", abnormal=True):
    found = []
    for i in range(draw(st.integers(1, 3))):
        length = draw(LENGTH)
        scores = draw(arrays.arrays(np.float32, length, elements=VALUES.map(np.float32)))
        label = st.integers(0, 1) if abnormal else st.just(0)
        found.append(
            video(scores, draw(arrays.arrays(np.uint8, length, elements=label)), f"{name}{i}")
        )
    return found


def by(outcome, selected_on):
    return {each["rule"]: each for each in outcome.thresholds if each["selected_on"] == selected_on}


@given(videos(abnormal=False), st.floats(0, 1))
def test_the_quantile_is_the_lowest_score_with_few_enough_false_alarms(normal, rate):
    ranking = metrics.segments([v.labels for v in normal], [v.scores for v in normal]).ranking()
    threshold = metrics.normal_quantile_threshold(ranking, rate)
    scores = np.concatenate([v.scores for v in normal]).astype(np.float64)

    assert np.mean(scores >= threshold) <= rate
    lower = scores[scores < threshold]
    assert not len(lower) or np.mean(scores >= lower.max()) > rate


def test_the_quantile_of_no_normal_frame_is_undefined():
    ranking = metrics.rank([1, 1], [1.0, 2.0])
    assert np.isnan(metrics.normal_quantile_threshold(ranking, 0.5))


@given(videos("t"), videos("t"), videos("v"))
def test_what_the_test_holds_moves_no_threshold_chosen_on_validation(one, other, held_out):
    for settings in (Settings(), Settings(normalisation="per_video")):
        chosen = [
            {name: (each["threshold"], each["chosen_from"]) for name, each in found.items()}
            for found in (
                by(evaluate_videos(tested, settings, held_out), "validation")
                for tested in (one, other)
            )
        ]
        assert chosen[0] == chosen[1]


@given(videos("t"), videos("v"))
def test_a_threshold_stretched_with_the_test_flags_the_same_frames(tested, held_out):
    raw = by(evaluate_videos(tested, Settings(), held_out), "validation")
    stretched = by(
        evaluate_videos(tested, Settings(normalisation="test_set"), held_out), "validation"
    )
    names = ("precision", "recall", "f1", "false_alarm_rate")
    assert raw.keys() == stretched.keys()
    for rule in raw:
        if min(v.scores.min() for v in tested) < max(v.scores.max() for v in tested):
            assert [raw[rule][n] for n in names] == [stretched[rule][n] for n in names]


@given(videos("t"), videos("v"))
def test_each_rule_is_best_by_its_own_word_on_validation(tested, held_out):
    found = by(evaluate_videos(tested, Settings(), held_out), "validation")
    ranking = metrics.segments([v.labels for v in held_out], [v.scores for v in held_out]).ranking()
    if not ranking.is_defined:
        assert set(found) <= {"normal_quantile"}
        return
    assert set(found) == {"equal_error", "best_f1"}
    at = [metrics.at_threshold(ranking, float(t)) for t in ranking.thresholds]
    best = metrics.at_threshold(ranking, found["best_f1"]["threshold"])
    assert best.f1 == max(each.f1 for each in at)
    equal = metrics.at_threshold(ranking, found["equal_error"]["threshold"])
    gaps = [abs(each.false_alarm_rate - (1 - each.recall)) for each in at]
    assert abs(equal.false_alarm_rate - (1 - equal.recall)) == pytest.approx(min(gaps))


@given(videos("t"), videos("v"))
def test_numbers_at_a_threshold_are_those_of_the_frames(tested, held_out):
    scores = np.concatenate([v.scores for v in tested]).astype(np.float64)
    labels = np.concatenate([v.labels for v in tested]) == 1
    for each in evaluate_videos(tested, Settings(), held_out).thresholds:
        flagged = scores >= each["threshold"]
        if flagged.any():
            assert each["precision"] == pytest.approx(labels[flagged].mean())
        if labels.any():
            assert each["recall"] == pytest.approx(flagged[labels].mean())
        clips = each["clips"]
        right = [(v.scores.max() >= each["threshold"]) == bool(v.labels.any()) for v in tested]
        assert (clips["n_right"], clips["n"]) == (sum(right), len(tested))
        assert clips["interval"][0] <= clips["accuracy"] <= clips["interval"][1]


def test_validation_leads_and_the_test_follows():
    tested = [video([1, 2, 3, 4], [0, 0, 1, 1])]
    normal = [video(np.arange(200), np.zeros(200), "n")]

    first, second = evaluate_videos(tested, Settings(), normal).thresholds

    assert (first["selected_on"], first["rule"]) == ("validation", "normal_quantile")
    assert (first["threshold"], first["target"]) == (198.0, FALSE_ALARM_RATE)
    assert first["chosen_from"] == {"n_videos": 1, "n_frames": 200, "n_abnormal_frames": 0}
    assert (second["selected_on"], second["rule"], second["f1"]) == ("test", "equal_error", 1.0)


def test_without_validation_the_test_decides_and_says_so():
    outcome = evaluate_videos([video([1, 2], [0, 1])], Settings())
    assert [each["selected_on"] for each in outcome.thresholds] == ["test"]


def test_a_protocol_with_its_own_threshold_takes_that_first():
    outcome = evaluate_videos([video([0.1, 0.9], [0, 1])], Settings(threshold=0.5))
    assert [each["rule"] for each in outcome.thresholds] == ["fixed", "equal_error"]
    assert outcome.thresholds[0]["f1"] == 1


def test_each_validation_video_is_stretched_by_itself():
    held_out = [video([0, 10], [0, 1], "a"), video([0, 100], [0, 1], "b")]
    outcome = evaluate_videos(
        [video([1, 2], [0, 1])], Settings(normalisation="per_video"), held_out
    )
    assert by(outcome, "validation")["best_f1"]["threshold"] == 1
    assert by(outcome, "validation")["best_f1"]["f1"] == 1
    assert "clips" not in outcome.thresholds[0]


def test_intervals_at_a_threshold_are_those_of_the_resampled_frames():
    rng = np.random.default_rng(0)
    tested = [video(rng.normal(size=9), rng.integers(0, 2, 9), str(i)) for i in range(6)]
    items = metrics.segments([v.labels for v in tested], [v.scores for v in tested])
    counts = metrics.draws(6, 50, seed=1)
    found = metrics.bootstrap_at_threshold(items, 0.3, counts)
    drawn = []
    for row in counts:
        of_row = [tested[i] for i, n in enumerate(row) for _ in range(n)]
        flagged = np.concatenate([v.scores for v in of_row]) >= 0.3
        labels = np.concatenate([v.labels for v in of_row]) == 1
        drawn.append((flagged & labels).sum() / flagged.sum())
    assert found["precision"] == pytest.approx(tuple(np.quantile(drawn, [0.025, 0.975])))

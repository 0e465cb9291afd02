"""Scores are stored whole or not at all; evaluations never change."""

import numpy as np
import pytest
from django.core.management import call_command
from django.utils import timezone

from ml.evaluation import EVALUATOR_VERSION
from ml.records import Scores
from tests.evaluating import end_evaluations, evaluate
from tests.factories.datasets import SplitMemberFactory
from tests.factories.jobs import JobFactory
from tests.factories.results import float32, labelled_run, save_by_name
from webapp.common.errors import ConflictError, UserError
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, Protocol, ScoreSet, VideoScores
from webapp.results.protocols.presets import PRESETS, RAW, ensure_protocols

pytestmark = pytest.mark.django_db


@pytest.fixture
def run():
    return labelled_run({"a": [0, 0, 1, 1], "b": [0, 0, 0]})


def test_save_scores_keeps_every_bit(run):
    windowed = Scores(
        values=np.array([1e-30, np.pi], dtype=np.float32), first_frame=1, frames_per_value=2
    )
    score_set = save_by_name(run, {"a": windowed, "b": float32(3, 2, 1)})
    stored = VideoScores.objects.get(score_set=score_set, video__name="a").scores
    np.testing.assert_array_equal(stored.values, windowed.values)
    assert (stored.first_frame, stored.frames_per_value) == (1, 2)
    assert score_set.lowest == pytest.approx(1e-30)
    assert score_set.highest == np.float32(np.pi)


def test_save_scores_again_gives_the_same_score_set(run):
    scores = {"a": float32(0, 0, 1, 1), "b": float32(0, 0, 0)}
    first = save_by_name(run, scores)
    assert save_by_name(run, scores) == first
    assert VideoScores.objects.count() == 2


def test_save_scores_refuses_to_replace_others(run):
    save_by_name(run, {"a": float32(0, 0, 1, 1), "b": float32(0, 0, 0)})
    with pytest.raises(ConflictError, match="stored scores never change"):
        save_by_name(run, {"a": float32(0, 0, 1, 2), "b": float32(0, 0, 0)})
    assert ScoreSet.objects.get().highest == 1


@pytest.mark.parametrize(
    ("scores", "sentence"),
    [
        ({"a": float32(0, 0, 1, 1)}, "1 of 2 test videos have no scores: b"),
        ({"a": float32(0), "b": float32(0), "vid_x": float32(0)}, "no test video .*: vid_x"),
        ({"a": float32(0, np.nan, 1, 1), "b": float32(0)}, "a: 1 of 4 scores are NaN"),
        ({"a": float32(0), "b": float32(0, 0, 0, 1)}, "b: 4 scores where at most 3 fit"),
    ],
)
def test_save_scores_refuses_all_with_a_sentence(run, scores, sentence):
    with pytest.raises(UserError, match=sentence):
        save_by_name(run, scores)
    assert not ScoreSet.objects.exists()
    assert not VideoScores.objects.exists()


def test_save_scores_refuses_videos_of_other_parts(run):
    training = SplitMemberFactory.create(split=run.split, part="train").video
    with pytest.raises(UserError, match="for no test video"):
        save_by_name(run, {"a": float32(0), "b": float32(0), training.name: float32(0)})


def test_content_hash_covers_values_places_and_rule(run):
    scores = {"a": float32(0, 0, 1, 1), "b": float32(0, 0, 0)}
    score_set = save_by_name(run, scores)
    other = labelled_run({"a": [0, 0, 1, 1], "b": [0, 0, 0]})
    assert save_by_name(other, scores).content_hash != score_set.content_hash
    with pytest.raises(ConflictError):
        save_by_name(run, scores, rule="another rule")


def test_evaluate_by_hand(run):
    # Abnormal frames: 4 and 2. Normal ones: 1, 3 and 0, 0, 5. Pairs in order: 4 > 1, 3, 0, 0
    # and 2 > 1, 0, 0, which is 7 of 10.
    score_set = save_by_name(run, {"a": float32(1, 3, 4, 2), "b": float32(0, 0, 5)})
    evaluation = evaluate(score_set, _raw())
    assert evaluation.metrics["auroc"] == pytest.approx(0.7)
    assert evaluation.metrics["macro_auroc"] == pytest.approx(0.75)
    assert evaluation.metrics["clip_auroc"] == 0
    assert evaluation.counts == {
        "n_videos": 2,
        "n_frames": 7,
        "n_abnormal_frames": 2,
        "n_frames_without_score": 0,
        "n_undefined_videos": 1,
    }


def test_evaluate_again_gives_the_stored_evaluation(run):
    score_set = save_by_name(run, {"a": float32(1, 3, 4, 2), "b": float32(0, 0, 5)})
    first = evaluate(score_set, _raw())
    assert evaluate(score_set, _raw()) == first
    assert Evaluation.objects.count() == 1


def test_an_evaluation_names_what_it_was_made_of(run):
    score_set = save_by_name(run, {"a": float32(1, 3, 4, 2), "b": float32(0, 0, 5)})
    evaluation = evaluate(score_set, _raw())
    assert evaluation.score_hash == score_set.content_hash
    assert evaluation.annotation_hash == run.annotation_set.content_hash
    assert evaluation.evaluator_version == EVALUATOR_VERSION


def test_a_second_job_with_the_same_scores_changes_nothing(run):
    scores = {"a": float32(1, 3, 4, 2), "b": float32(0, 0, 5)}
    first = save_by_name(run, scores)
    run.current_job = JobFactory.create(team=run.team)
    assert save_by_name(run, scores).job_id == first.job_id


def test_ensure_protocols_never_changes_a_row():
    ensure_protocols()
    Protocol.objects.filter(slug=RAW.slug).update(title="As it was")
    protocols = ensure_protocols()
    assert [protocol.slug for protocol in protocols] == [preset.slug for preset in PRESETS]
    assert protocols[0].title == "As it was"
    assert Protocol.objects.count() == len(PRESETS)


def _raw() -> Protocol:
    return ensure_protocols()[0]


def test_what_an_older_evaluator_left_is_evaluated_again(run):
    score_set = save_by_name(run, {"a": float32(0, 0, 1, 1), "b": float32(0, 0, 0)})
    raw = ensure_protocols()[0]
    evaluate(score_set, raw)
    Evaluation.objects.update(evaluator_version=1)
    Job.objects.update(status="succeeded", finished_at=timezone.now())

    call_command("evaluate_again")

    assert end_evaluations() == 1
    assert Evaluation.objects.filter(protocol=raw).count() == 2
    call_command("evaluate_again")
    assert end_evaluations() == 0

"""Scores of validation videos decide thresholds; no number is computed of them."""

import json
from typing import Any

import numpy as np
import pytest
from django.test import Client

from ml.records import Scores
from ml.scores.files import Layout
from tests.evaluating import evaluate_run
from tests.factories.datasets import IntervalFactory, SplitMemberFactory, VideoFactory
from tests.factories.results import float32, labelled_run
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Video
from webapp.results.models import Evaluation, PendingScores, ScoreSet, ValidationScores
from webapp.results.scores.reading import read_scores, read_validation
from webapp.results.scores.storing import save_scores
from webapp.results.scores.uploads import Progress, create_uploaded_run, store_score_set
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("eager_worker")]

LABELS = {"a": [0, 0, 1, 1], "b": [0, 0, 0]}
TESTED = {"a": float32(0.1, 0.2, 0.8, 0.9), "b": float32(0.3, 0.3, 0.3)}


def held_out(run: Run, name: str, n_frames: int = 4, **values: Any) -> Video:
    video = VideoFactory.create(dataset=run.dataset, name=name, n_frames=n_frames, **values)
    SplitMemberFactory.create(split=run.split, video=video, part="validation")
    return video


def save(run: Run, *, validation: dict[str, Scores] | None) -> ScoreSet:
    ids = dict(run.dataset.videos.values_list("name", "pk"))
    score_set = save_scores(
        run=run,
        job=run.current_job,
        scores={ids[name]: each for name, each in TESTED.items()},
        validation={ids[name]: each for name, each in validation.items()} if validation else None,
        rule="every frame",
    )
    evaluate_run(run)
    return score_set


def thresholds(run: Run) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Evaluation.objects.get(
        score_set__run=run, protocol__slug="frame-raw"
    ).thresholds
    return found


@pytest.fixture
def run(team: Team) -> Run:
    run = labelled_run(LABELS, team=team, current_job__ended=True)
    video = held_out(run, "c", label="fight")
    IntervalFactory.create(
        annotation_set=run.annotation_set, video=video, start_frame=2, end_frame=4
    )
    return run


def test_both_kinds_of_frames_give_equal_error_and_best_f1(run: Run) -> None:
    save(run, validation={"c": float32(0.0, 0.4, 0.5, 0.6)})

    assert [(each["rule"], each["selected_on"]) for each in thresholds(run)] == [
        ("equal_error", "validation"),
        ("best_f1", "validation"),
        ("equal_error", "test"),
    ]
    assert thresholds(run)[0]["threshold"] == 0.5
    assert thresholds(run)[0]["chosen_from"]["n_videos"] == 1


def test_without_validation_scores_the_test_decides(run: Run) -> None:
    save(run, validation=None)
    assert [each["selected_on"] for each in thresholds(run)] == ["test"]


def test_a_video_labelled_abnormal_that_nobody_marked_decides_nothing(run: Run) -> None:
    held_out(run, "d", label="robbery")
    held_out(run, "e", label="normal")
    save(run, validation={name: float32(0.5, 0.5, 0.6, 0.6) for name in "cde"})

    assert thresholds(run)[0]["chosen_from"] == {
        "n_videos": 2,
        "n_frames": 8,
        "n_abnormal_frames": 2,
    }


def test_all_validation_videos_or_none(run: Run) -> None:
    held_out(run, "d")
    with pytest.raises(UserError, match="1 of 2 validation videos have no scores: d"):
        save(run, validation={"c": float32(0, 0, 1, 1)})
    assert not ScoreSet.objects.exists()
    assert not ValidationScores.objects.exists()


def test_other_validation_scores_are_other_scores(run: Run) -> None:
    first = save(run, validation={"c": float32(0, 0, 1, 1)})
    assert save(run, validation={"c": float32(0, 0, 1, 1)}) == first
    with pytest.raises(ConflictError, match="stored scores never change"):
        save(run, validation={"c": float32(0, 0, 1, 2)})


def test_test_numbers_are_what_they_are_without(run: Run, team: Team) -> None:
    other = labelled_run(LABELS, team=team, current_job__ended=True)
    save(run, validation={"c": float32(9, 9, 9, 9)})
    save(other, validation=None)

    one, two = (
        Evaluation.objects.get(score_set__run=each, protocol__slug="frame-raw")
        for each in (run, other)
    )
    assert (one.metrics, one.counts) == (two.metrics, two.counts)
    assert one.score_set.highest == two.score_set.highest


def twin(run: Run) -> Run:
    return RunFactory.create(
        team=run.team,
        dataset=run.dataset,
        split=run.split,
        annotation_set=run.annotation_set,
        current_job__ended=True,
    )


def test_a_mix_fuses_validation_scores_as_test_scores(run: Run, bob: User) -> None:
    second = twin(run)
    save(run, validation={"c": float32(0, 0.2, 0.4, 0.6)})
    save(second, validation={"c": float32(0.2, 0.2, 0.8, 0.8)})

    recipe = {"members": [{"run": run.pk}, {"run": second.pk}]}
    mixed = create_virtual_run(team=run.team, recipe=recipe, by=bob)

    [scores] = read_validation(mixed.score_set).values()
    np.testing.assert_allclose(scores.values, [0.1, 0.2, 0.6, 0.7], atol=1e-7)
    assert thresholds(mixed)[0]["selected_on"] == "validation"
    assert not ValidationScores.objects.filter(score_set=mixed.score_set).exists()


def calibrated_by_validation(run: Run, by: User) -> Run:
    recipe = {"members": [{"run": run.pk, "calibration": "validation"}]}
    return create_virtual_run(team=run.team, recipe=recipe, by=by)


def test_a_calibration_by_validation_does_not_look_at_the_test_part(run: Run, bob: User) -> None:
    save(run, validation={"c": float32(1, 2, 3, 3)})

    mixed = calibrated_by_validation(run, bob)

    raw, calibrated = (read_scores(each.score_set) for each in (run, mixed))
    assert raw.keys() == calibrated.keys()
    for key, scores in raw.items():
        np.testing.assert_allclose(calibrated[key].values, (scores.values - 1) / 2, atol=1e-6)
    [held_out] = read_validation(mixed.score_set).values()
    np.testing.assert_allclose(held_out.values, [0, 0.5, 1, 1])


def test_a_calibration_by_validation_takes_some(run: Run, bob: User) -> None:
    save(run, validation=None)

    with pytest.raises(UserError, match="no scores of validation videos"):
        calibrated_by_validation(run, bob)


def test_a_mix_with_a_member_that_has_none_has_none(run: Run, bob: User) -> None:
    second = twin(run)
    save(run, validation={"c": float32(0, 0.2, 0.4, 0.6)})
    save(second, validation=None)

    recipe = {"members": [{"run": run.pk}, {"run": second.pk}]}
    mixed = create_virtual_run(team=run.team, recipe=recipe, by=bob)

    assert mixed.score_set.validation_hash == ""
    assert [each["selected_on"] for each in thresholds(mixed)] == ["test"]


@pytest.fixture
def uploaded(run: Run, bob: User) -> Run:
    return create_uploaded_run(
        team=run.team, dataset=run.dataset, split=run.split, method_title="RTFM", by=bob
    )


def send(run: Run, by: User, **scores: list[float]) -> Progress:
    return store_score_set(run=run, data=json.dumps(scores).encode(), layout=Layout(), by=by)


A, B, C = [0.1, 0.2, 0.8, 0.9], [0.3, 0.3, 0.3], [0.0, 0.4, 0.5, 0.6]


def test_an_archive_may_hold_both(uploaded: Run, bob: User) -> None:
    assert send(uploaded, bob, a=A, b=B, c=C).is_complete
    assert thresholds(uploaded)[0]["selected_on"] == "validation"
    assert not PendingScores.objects.exists()


def test_validation_scores_are_no_duty(uploaded: Run, bob: User) -> None:
    assert send(uploaded, bob, a=A, b=B).is_complete
    assert thresholds(uploaded)[0]["selected_on"] == "test"


def test_validation_videos_are_waited_for_once_one_has_scores(
    run: Run, uploaded: Run, bob: User
) -> None:
    held_out(run, "d")
    assert send(uploaded, bob, c=C).missing == ["a", "b", "d"]
    assert send(uploaded, bob, a=A, b=B).missing == ["d"]
    assert send(uploaded, bob, d=C).is_complete


def test_validation_scores_come_before_the_numbers(uploaded: Run, bob: User) -> None:
    send(uploaded, bob, a=A, b=B)
    with pytest.raises(ConflictError, match="thresholds are chosen"):
        send(uploaded, bob, c=C)


def test_the_same_validation_scores_again_change_nothing(uploaded: Run, bob: User) -> None:
    send(uploaded, bob, a=A, b=B, c=C)
    assert send(uploaded, bob, c=C).is_complete
    with pytest.raises(ConflictError, match="with other scores for c"):
        send(uploaded, bob, c=[0, 0, 0, 0])


def test_rest_takes_and_gives_the_scores_of_a_validation_video(
    uploaded: Run, as_bob: Client
) -> None:
    def put(name: str, values: list[float]) -> Any:
        address = f"/api/v1/runs/{uploaded.pk}/scores/{name}"
        return as_bob.put(address, json.dumps(values), "application/octet-stream")

    assert put("c", C).json()["missing"] == ["a", "b"]
    put("a", A)
    assert put("b", B).json()["is_complete"]

    answer = as_bob.get(f"/api/v1/runs/{uploaded.pk}/scores").json()
    assert [each["video_name"] for each in answer["videos"]] == ["a", "b"]
    assert [each["video_name"] for each in answer["validation_videos"]] == ["c"]
    frames = as_bob.get(answer["validation_videos"][0]["url"]).json()["frames"]
    assert frames == pytest.approx(C)
    found = as_bob.get(f"/api/v1/runs/{uploaded.pk}/evaluation").json()["results"][0]
    assert found["at_threshold"] == found["thresholds"][0]
    assert found["at_threshold"]["selected_on"] == "validation"

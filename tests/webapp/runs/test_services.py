"""Submitting, cancelling, resuming and following up on runs."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection

from tests.factories.datasets import DatasetFactory, SplitMemberFactory
from tests.factories.jobs import JobFactory
from tests.factories.runs import SCHEMA, MethodFactory, RunFactory, TrainableSplitFactory
from tests.patience import PATIENCE
from tests.race import wait_until_somebody_waits_for_a_lock
from webapp.accounts.models import Team, User
from webapp.common.config import ConfigError
from webapp.common.errors import ConflictError, UserError
from webapp.common.schema import fields_of
from webapp.datasets.models import Part, Split, Video
from webapp.jobs import services as jobs
from webapp.jobs.models import Job
from webapp.runs import services
from webapp.runs.models import Method, Run


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team)


def submit(split: Split, by: User, **changes: Any) -> Run:
    answers: dict[str, Any] = {
        "team": split.dataset.team,
        "dataset": split.dataset,
        "split": split,
        "method": MethodFactory.create(),
        "config": {},
        "by": by,
    }
    return services.create_run(**answers | changes)


def refusal(split: Split, by: User, **changes: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        submit(split, by, **changes)
    assert not Run.objects.exists()
    assert not Job.objects.exists()
    return caught.value


def test_create_run_stores_the_complete_config_and_what_it_rests_on(
    split: Split, bob: User
) -> None:
    run = submit(split, bob, config={"epochs": 5}, seed=7)

    run.refresh_from_db()
    assert run.config == {"epochs": 5, "input_size": [227, 227], "is_grey": True, "norm": "batch"}
    assert run.seed == 7
    assert run.dataset_hash == split.dataset.content_hash
    assert run.annotation_set == split.dataset.ground_truth
    assert run.name == f"Conv-AE on {split.dataset.name}"
    assert run.created_by == bob


def test_create_run_submits_a_training_job(split: Split, bob: User) -> None:
    run = submit(split, bob, name="Baseline")

    job = Job.objects.get()
    assert run.current_job == job
    assert (job.kind, job.subject_id, job.title) == ("train", run.pk, "Baseline")
    assert (job.queue, job.team, job.created_by) == ("cpu", split.dataset.team, bob)


def test_create_run_config_fault_points_at_the_field(split: Split, bob: User) -> None:
    error = refusal(split, bob, config={"epochs": 0})

    assert isinstance(error, ConfigError)
    assert error.sentence == "epochs: 0 is less than the smallest allowed value 1"
    assert error.field == "/config/epochs"


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"seed": -1}, "seed"),
        ({"seed": 2**32}, "seed"),
        ({"name": "x" * 161}, "name"),
        ({"selection": "best on test"}, "selection"),
        ({"selection": "validation"}, "selection"),
        ({"queue": "tpu"}, "queue"),
        ({"queue": "gpu"}, "queue"),
    ],
)
def test_create_run_answer_refused(
    split: Split, bob: User, answers: dict[str, Any], field: str
) -> None:
    assert refusal(split, bob, **answers).field == field


def test_create_run_selection_on_validation_with_validation_videos(split: Split, bob: User) -> None:
    SplitMemberFactory.create(split=split, video__part=Part.VALIDATION)

    assert submit(split, bob, selection="validation").selection == "validation"


def test_create_run_selection_on_validation_without_a_normal_video(split: Split, bob: User) -> None:
    SplitMemberFactory.create(split=split, video__part=Part.VALIDATION, video__label="Robbery")

    assert refusal(split, bob, selection="validation").field == "selection"


def test_create_run_dataset_of_another_team(split: Split, bob: User, charlie: User) -> None:
    foreign = TrainableSplitFactory.create(dataset__team=charlie.teams.get())

    assert refusal(foreign, bob, team=split.dataset.team).field == "dataset"


def test_create_run_dataset_not_imported(split: Split, bob: User) -> None:
    split.dataset.content_hash = ""

    assert refusal(split, bob).code == "not_imported"


def test_create_run_on_videos_that_are_not_here(split: Split, bob: User) -> None:
    split.dataset.folder = ""

    assert refusal(split, bob).code == "no_videos_here"


def test_create_run_split_of_another_dataset(split: Split, bob: User) -> None:
    other = DatasetFactory.create(team=split.dataset.team)

    assert refusal(split, bob, dataset=other).field == "split"


def test_create_run_without_normal_training_videos(split: Split, bob: User) -> None:
    split.dataset.videos.filter(part=Part.TRAIN).update(label="fall")

    error = refusal(split, bob)

    assert error.code == "no_training_videos"
    assert "learns from normal videos" in error.sentence


@pytest.mark.parametrize("supervision", ["weak", "full"])
@pytest.mark.parametrize(("label", "lacking"), [("normal", "abnormal"), ("fall", "normal")])
def test_create_run_both_kinds_of_training_videos_are_needed(
    split: Split, bob: User, supervision: str, label: str, lacking: str
) -> None:
    method = MethodFactory.create(name="ranking_mil", supervision=supervision)
    split.dataset.videos.filter(part=Part.TRAIN).update(label=label)

    error = refusal(split, bob, method=method)

    assert error.code == "no_training_videos"
    assert f"learns from normal and abnormal videos; {split.dataset} has no" in error.sentence
    assert f"has no {lacking} video to train on" in error.sentence


@pytest.mark.parametrize("supervision", ["weak", "full"])
def test_create_run_weak_method_takes_abnormal_training_videos(
    split: Split, bob: User, supervision: str
) -> None:
    SplitMemberFactory.create(split=split, video__part=Part.TRAIN, video__label="fall")

    submit(split, bob, method=MethodFactory.create(name="ranking_mil", supervision=supervision))

    assert Run.objects.count() == 1


def test_create_run_weak_method_selects_on_both_kinds_of_validation_videos(
    split: Split, bob: User
) -> None:
    method = MethodFactory.create(name="ranking_mil", supervision="weak")
    SplitMemberFactory.create(split=split, video__part=Part.TRAIN, video__label="fall")
    SplitMemberFactory.create(split=split, video__part=Part.VALIDATION)

    error = refusal(split, bob, method=method, selection="validation")

    assert error.field == "selection"
    assert "has no abnormal video in validation" in error.sentence
    SplitMemberFactory.create(split=split, video__part=Part.VALIDATION, video__label="fall")
    assert submit(split, bob, method=method, selection="validation").selection == "validation"


def test_create_run_rejected_training_videos_do_not_count(split: Split, bob: User) -> None:
    split.dataset.videos.filter(part=Part.TRAIN).update(status=Video.Status.REJECTED)

    assert refusal(split, bob).code == "no_training_videos"


def test_create_run_split_whose_videos_have_changed(split: Split, bob: User) -> None:
    split.dataset.videos.filter(part=Part.TEST).update(status=Video.Status.RETIRED)

    assert refusal(split, bob).code == "data_changed"


def test_create_run_viewer_and_stranger_may_not(split: Split, vera: User, charlie: User) -> None:
    for person in (vera, charlie):
        with pytest.raises(PermissionDenied):
            submit(split, person)
    assert not Job.objects.exists()


def ended_run(team: Team, status: str, kind: str = "train") -> Run:
    return RunFactory.create(
        team=team, current_job__ended=True, current_job__status=status, current_job__kind=kind
    )


def test_cancel_run_that_waits(team: Team, bob: User) -> None:
    run = services.cancel_run(run=RunFactory.create(team=team), by=bob)

    assert run.status == Job.Status.CANCELLED


def test_cancel_run_takes_the_job_it_has_now(team: Team, bob: User) -> None:
    stale = RunFactory.create(team=team)
    score = services.training_finished(stale, stale.current_job)

    services.cancel_run(run=stale, by=bob)

    score.refresh_from_db()
    assert score.status == Job.Status.CANCELLED


@pytest.mark.django_db(transaction=True)
def test_cancel_run_while_a_worker_ends_its_training(team: Team, bob: User) -> None:
    run = RunFactory.create(team=team, current_job__held=True)
    SplitMemberFactory.create(split=run.split, part="test")
    with ThreadPoolExecutor(1) as pool:
        with jobs.fenced(run.current_job) as held:
            cancelling = pool.submit(cancel_elsewhere, run, bob)
            wait_until_somebody_waits_for_a_lock()
            score = services.training_finished(run, held)
            jobs.finish(held, status=Job.Status.SUCCEEDED)
        cancelling.result(timeout=PATIENCE)

    score.refresh_from_db()
    assert score.status == Job.Status.CANCELLED


def cancel_elsewhere(run: Run, by: User) -> None:
    try:
        services.cancel_run(run=run, by=by)
    finally:
        connection.close()


def test_cancel_run_that_has_ended(team: Team, bob: User) -> None:
    with pytest.raises(ConflictError):
        services.cancel_run(run=ended_run(team, "succeeded"), by=bob)


def test_cancel_run_viewer_may_not(team: Team, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        services.cancel_run(run=RunFactory.create(team=team), by=vera)


@pytest.mark.parametrize("status", ["failed", "timed_out", "lost", "cancelled"])
def test_resume_run_submits_a_successor(team: Team, bob: User, status: str) -> None:
    run = ended_run(team, status)

    resumed = services.resume_run(run=run, by=bob)

    assert resumed.status == Job.Status.CREATED
    assert resumed.current_job.retry_of == run.current_job
    assert Run.objects.get(pk=run.pk).current_job == resumed.current_job


def test_resume_run_whose_scoring_failed_scores_again(team: Team, bob: User) -> None:
    run = ended_run(team, "failed", kind="score")

    assert services.resume_run(run=run, by=bob).current_job.kind == "score"


def test_resume_run_with_nothing_to_resume(team: Team, bob: User) -> None:
    with pytest.raises(ConflictError, match="nothing to resume"):
        services.resume_run(run=ended_run(team, "succeeded"), by=bob)


def test_resume_run_twice_makes_one_job(team: Team, bob: User) -> None:
    run = ended_run(team, "failed")
    services.resume_run(run=run, by=bob)

    with pytest.raises(ConflictError):
        services.resume_run(run=run, by=bob)
    assert Job.objects.count() == 2


def test_resume_run_viewer_may_not(team: Team, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        services.resume_run(run=ended_run(team, "failed"), by=vera)


def test_training_finished_goes_on_with_scoring(team: Team) -> None:
    run = RunFactory.create(team=team, current_job__held=True)
    SplitMemberFactory.create(split=run.split, part="test")

    score = services.training_finished(run, run.current_job)

    assert (score.kind, score.subject_id, score.queue) == ("score", run.pk, run.current_job.queue)
    assert Run.objects.get(pk=run.pk).current_job == score


def test_job_replaced_points_the_run_at_the_successor(team: Team) -> None:
    run = RunFactory.create(team=team)
    successor = JobFactory.create(team=team, subject_id=run.pk)

    services.job_replaced(old=run.current_job, new=successor)

    assert Run.objects.get(pk=run.pk).current_job == successor


def test_job_replaced_leaves_a_run_that_went_on(team: Team) -> None:
    run = RunFactory.create(team=team)
    old = JobFactory.create(team=team, subject_id=run.pk)

    services.job_replaced(old=old, new=JobFactory.create(team=team, subject_id=run.pk))

    assert Run.objects.get(pk=run.pk).current_job == run.current_job


def description(name: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "title": name.upper(),
        "summary": "Learns.",
        "paper": "Somebody 2016",
        "supervision": "one-class",
        "schema": SCHEMA,
    } | changes


@pytest.mark.django_db
def test_publish_methods_adds_updates_and_keeps_those_of_others() -> None:
    services.publish_methods([description("alpha"), description("beta")])
    services.publish_methods([description("beta", summary="Learns better.")])

    assert {method.name for method in Method.objects.all()} == {"alpha", "beta"}
    assert Method.objects.get(name="beta").summary == "Learns better."


@pytest.mark.django_db
def test_publish_methods_keeps_the_order_of_fields() -> None:
    services.publish_methods([description("alpha")])

    names = [field.name for field in fields_of(Method.objects.get().schema)]
    assert names == ["epochs", "input_size", "is_grey", "norm"]


@pytest.mark.django_db
def test_publish_methods_raises_the_date() -> None:
    services.publish_methods([description("alpha")])
    first = Method.objects.get().published_at

    services.publish_methods([description("alpha")])

    assert Method.objects.get().published_at > first


def test_create_run_chooses_on_test_where_that_is_asked_for_and_was_done_so(
    split: Split, bob: User
) -> None:
    method = MethodFactory.create(name="ranking_mil", supervision="weak")
    SplitMemberFactory.create(split=split, video__part=Part.TRAIN, video__label="fall")

    error = refusal(split, bob, selection="test")
    assert error.field == "selection"
    assert "does not learn from labels of videos" in error.sentence
    assert not submit(split, bob, method=method).is_selected_on_test
    assert submit(split, bob, method=method, selection="test").is_selected_on_test

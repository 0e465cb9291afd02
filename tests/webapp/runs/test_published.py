"""Weights that were trained elsewhere: what is kept of a file, and which runs use it."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from tests.factories.datasets import features_of_all
from tests.factories.jobs import JobFactory
from tests.factories.runs import (
    SCHEMA,
    CheckpointFactory,
    MethodFactory,
    RunFactory,
    TrainableSplitFactory,
    WeightsFactory,
)
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Split
from webapp.jobs.models import Job
from webapp.results.scores.pooling import same_configuration
from webapp.runs import published, services, training
from webapp.runs.models import Checkpoint, Method, Run, Weights

SIGMA = {"type": "integer", "minimum": 0, "default": 3, "title": "Sigma", "group": "Scoring"}


@pytest.fixture
def method(db: None) -> Method:
    """With a field that only says how it scores."""
    properties = SCHEMA["properties"] | {"sigma": SIGMA}
    return MethodFactory.create(schema=SCHEMA | {"properties": properties})


@pytest.fixture
def split(team: Team) -> Split:
    split = TrainableSplitFactory.create(dataset__team=team)
    split.members.filter(part="train").delete()
    return split


@pytest.fixture
def weights(team: Team, method: Method) -> Weights:
    weights = WeightsFactory.create(team=team, source="arXiv 1", selection="test")
    weights.config |= {"sigma": 3}
    weights.save()
    return weights


def submit(split: Split, by: User, **changes: Any) -> Run:
    answers = {
        "team": split.dataset.team, "dataset": split.dataset, "split": split,
        "method": Method.objects.get(pk="conv_ae"), "config": {}, "by": by,
    }  # fmt: skip
    return services.create_run(**answers | changes)


def refusal(split: Split, by: User, **changes: Any) -> UserError:
    n_runs = Run.objects.count()
    with pytest.raises(UserError) as caught:
        submit(split, by, **changes)
    assert Run.objects.count() == n_runs
    return caught.value


def bring(team: Team, by: User, **changes: Any) -> Weights:
    facts: dict[str, Any] = {"team": team, "file_name": "a.pth", "data": b"weights", "by": by}
    return published.bring_weights(**facts | changes)


def test_a_file_is_kept_as_it_was_sent(team: Team, bob: User, method: Method) -> None:
    weights = bring(team, bob, name=" Theirs ", method=method, source="their code")

    assert (weights.name, weights.n_bytes, weights.selection) == ("Theirs", 7, "unknown")
    assert weights.file.name == f"weights/{weights.pk}/a.pth"
    with default_storage.open(weights.file.name) as file:
        assert file.read() == b"weights"
    job = Job.objects.get()
    assert (job.kind, job.subject_id, job.spec) == ("weights", weights.pk, {"method": "conv_ae"})
    event = AuditEvent.objects.get()
    assert (event.act, event.details["file"]) == ("weights.brought", "a.pth")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [("C:\\models\\a b.pth", "a_b.pth"), ("../../.ssh/x.pt", "x.pt"), ("é" * 200, "é" * 100)],
)
def test_a_name_of_a_file_is_no_path(team: Team, bob: User, sent: str, kept: str) -> None:
    assert bring(team, bob, file_name=sent).file_name == kept


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"data": b""}, "file"),
        ({"file_name": "/"}, "file"),
        ({"name": "x" * 121}, "name"),
        ({"source": "x" * 301}, "source"),
        ({"selection": "luck"}, "selection"),
    ],
)
def test_answers_that_are_refused(
    team: Team, bob: User, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(UserError) as caught:
        bring(team, bob, **changes)

    assert caught.value.field == field
    assert not Job.objects.exists()


def test_a_file_that_is_too_large(team: Team, bob: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(published, "MAX_FILE_BYTES", 3)

    with pytest.raises(UserError, match="larger than"):
        bring(team, bob)


def test_a_viewer_may_not_bring_any(team: Team, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        bring(team, vera)


def test_weights_of_a_method_that_no_worker_has_told_of(weights: Weights) -> None:
    with pytest.raises(UserError, match="weights of rtfm, which no worker has told of yet"):
        published.finish_reading(weights, {"method": "rtfm"})


def test_a_checkpoint_is_of_a_run_or_of_weights(weights: Weights) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckpointFactory.create(run=None)
    Checkpoint.objects.all().delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        CheckpointFactory.create(run=RunFactory.create(), published=weights)


def test_a_checkpoint_made_again_takes_the_place_of_the_first(
    weights: Weights, tmp_path: Any
) -> None:
    for name in ("w", "s"):
        (tmp_path / name).write_text(name)
    job = JobFactory.create(kind="weights")

    for _ in range(2):
        with (tmp_path / "w").open("rb") as file, (tmp_path / "s").open("rb") as state:
            made = training.record_published(weights=weights, job=job, file=file, state=state)

    assert list(Checkpoint.objects.all()) == [made]
    assert str(made) == f"checkpoint made of {weights.pk}"


def test_a_run_with_weights_is_scored_and_not_trained(
    split: Split, weights: Weights, bob: User
) -> None:
    run = submit(split, bob, weights=weights, config={"sigma": 5})

    run = Run.objects.get(pk=run.pk)
    connection.check_constraints()
    assert (run.kind, run.selection, run.reference) == ("weights", "test", "arXiv 1")
    assert run.is_selected_on_test
    assert run.config == weights.config | {"sigma": 5}
    assert (run.job.kind, run.job.subject_id, run.job.status) == ("score", run.pk, "created")
    assert [stage.kind for stage in run.stages.all()] == ["score"]
    assert training.checkpoint_to_score(run) == weights.checkpoint
    assert AuditEvent.objects.get(act="run.submitted").details["weights"] == weights.name


def test_a_run_with_weights_is_cancelled_and_resumed(
    split: Split, weights: Weights, bob: User
) -> None:
    run = submit(split, bob, weights=weights)

    services.cancel_run(run=run, by=bob)
    assert Run.objects.get().can_resume
    services.resume_run(run=run, by=bob)

    run = Run.objects.get()
    assert (run.job.kind, run.job.status) == ("score", "created")
    with pytest.raises(ConflictError):
        services.resume_run(run=run, by=bob)


def test_words_for_the_state_of_a_run_with_weights(
    split: Split, weights: Weights, bob: User
) -> None:
    submit(split, bob, weights=weights)
    Job.objects.update(status="running")
    assert Run.objects.get().status_label == "Scoring"
    Job.objects.update(status="succeeded", finished_at=timezone.now())
    assert Run.objects.get().status_label == "Scored"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"norm": "batch"}, "norm: the weights are of a network with none (given: batch)"),
        ({"epochs": 3}, "epochs: the weights are of a network with 20 (given: 3)"),
        ({"sigma": -1}, "sigma: -1 is less than"),
        ({"sigmo": 1}, "did you mean sigma"),
    ],
)
def test_a_config_that_the_weights_rule_out(
    split: Split, weights: Weights, bob: User, config: dict[str, Any], sentence: str
) -> None:
    error = refusal(split, bob, weights=weights, config=config)

    assert error.field == f"/config/{next(iter(config))}"
    assert sentence in error.sentence


def test_values_that_say_what_the_weights_say_are_no_contradiction(
    split: Split, weights: Weights, bob: User
) -> None:
    assert submit(split, bob, weights=weights, config={"norm": "none"}).config == weights.config


def test_weights_that_are_none_for_a_run(
    split: Split, weights: Weights, team: Team, bob: User
) -> None:
    other = MethodFactory.create(name="other", title="Other")
    unread = WeightsFactory.create(team=team, method=None)

    error = refusal(split, bob, weights=weights, method=other)
    assert error.sentence == f"weights: {weights} has weights of Conv-AE, not of Other"
    assert refusal(split, bob, weights=unread).code == "weights_not_ready"
    assert "another team" in refusal(split, bob, weights=WeightsFactory.create()).sentence
    assert refusal(split, bob, weights=weights, selection="validation").field == "selection"
    run = RunFactory.create(team=team)
    assert refusal(split, bob, weights=weights, starts_from=run).field == "starts_from"
    error = refusal(split, bob, weights=weights, starts_from_weights=weights)
    assert error.field == "starts_from_weights"


def test_only_videos_that_are_scored_need_features(
    split: Split, team: Team, method: Method, bob: User
) -> None:
    reading = MethodFactory.create(name="bags", title="Bags", reads="features")
    weights = WeightsFactory.create(team=team, method=reading)
    trained_on = TrainableSplitFactory.create(dataset__team=team)
    features = features_of_all(trained_on.dataset)
    features.files.filter(video__part="train").delete()

    answers = {"method": reading, "feature_set": features}
    assert refusal(trained_on, bob, **answers).code == "features_missing"
    assert submit(trained_on, bob, **answers, weights=weights).feature_set == features


def test_a_training_begins_with_weights_that_were_brought_in(
    team: Team, weights: Weights, bob: User
) -> None:
    split = TrainableSplitFactory.create(dataset__team=team)

    run = submit(split, bob, starts_from_weights=weights, config={"norm": "none", "epochs": 2})

    assert (run.kind, run.weights, run.job.kind) == ("trained", None, "train")
    assert run.starts_from == weights.checkpoint
    error = refusal(split, bob, starts_from_weights=weights)
    assert (error.code, error.field) == ("other_network", "starts_from_weights")
    error = refusal(split, bob, starts_from_weights=weights, starts_from=run)
    assert error.field == "starts_from_weights"


def test_runs_with_other_weights_are_another_configuration(
    split: Split, weights: Weights, team: Team, bob: User
) -> None:
    other = WeightsFactory.create(team=team, config=weights.config, selection="test")
    first, second = (submit(split, bob, weights=each) for each in (weights, other))

    assert first.config == second.config
    assert list(same_configuration(first)) == [first]

"""Runs whose training begins with the weights of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import Client

from tests.factories.runs import (
    SCHEMA,
    CheckpointFactory,
    MethodFactory,
    RunFactory,
    TrainableSplitFactory,
)
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Split
from webapp.runs import services, training
from webapp.runs.models import Checkpoint, Method, Run
from workers import kinds


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team)


@pytest.fixture
def before(team: Team) -> Run:
    """With two checkpoints, the first of which is the best."""
    run = RunFactory.create(team=team, name="Before")
    CheckpointFactory.create(run=run, step=10, is_best=True)
    CheckpointFactory.create(run=run, step=20)
    return run


def submit(split: Split, by: User, **changes: Any) -> Run:
    answers = {
        "team": split.dataset.team, "dataset": split.dataset, "split": split,
        "method": MethodFactory.create(), "config": {}, "by": by,
    }  # fmt: skip
    return services.create_run(**answers | changes)


def refusal(split: Split, by: User, **changes: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        submit(split, by, **changes)
    assert caught.value.field == "starts_from"
    return caught.value


@pytest.mark.parametrize(("selection", "step"), [("last", 20), ("validation", 10)])
def test_a_run_begins_with_the_weights_that_another_is_scored_with(
    split: Split, before: Run, bob: User, selection: str, step: int
) -> None:
    before.selection = selection

    run = submit(split, bob, starts_from=before, config={"epochs": 3})

    assert run.starts_from == before.checkpoints.get(step=step)


def test_weights_that_were_chosen_on_test_teach_no_run_that_would_not_say_so(
    split: Split, before: Run, bob: User
) -> None:
    before.selection = "test"

    assert refusal(split, bob, starts_from=before).code == "selected_on_test"


def test_weights_of_another_method(split: Split, before: Run, bob: User) -> None:
    other = MethodFactory.create(name="other", title="Other")

    assert (
        "weights of Conv-AE, not of Other"
        in refusal(split, bob, starts_from=before, method=other).sentence
    )


def test_weights_of_another_network(split: Split, before: Run, bob: User) -> None:
    error = refusal(split, bob, starts_from=before, config={"norm": "none"})

    assert error.code == "other_network"
    assert error.sentence.endswith("has the weights of another network: norm")


def test_a_run_without_weights(split: Split, team: Team, bob: User) -> None:
    assert (
        "has no checkpoint"
        in refusal(split, bob, starts_from=RunFactory.create(team=team)).sentence
    )


def test_weights_that_another_run_began_with_are_kept(split: Split, before: Run, bob: User) -> None:
    """The run that learnt them may go on and leave older ones behind."""
    run = submit(split, bob, starts_from=before)
    for step in (30, 40, 50):
        CheckpointFactory.create(run=before, step=step)

    training._drop_old(before.pk)

    assert list(before.checkpoints.order_by("step").values_list("step", flat=True)) == [
        10, 20, 40, 50,
    ]  # fmt: skip
    assert Checkpoint.objects.filter(started_runs=run).exists()


def test_the_child_is_told_unless_it_resumes(
    split: Split, before: Run, bob: User, tmp_path: Path
) -> None:
    for checkpoint in before.checkpoints.all():
        checkpoint.weights = default_storage.save("w", ContentFile(f"{checkpoint.step}"))
        checkpoint.state = default_storage.save("s", ContentFile("{}"))
        checkpoint.save()
    run = submit(split, bob, starts_from=before)
    train = kinds.find("train").kind

    spec = train.prepare(run.job, tmp_path)
    assert Path(spec["starts_from"]["weights"]).read_text() == "20"

    own = CheckpointFactory.create(run=run, step=5)
    own.weights, own.state = before.checkpoints.last().weights, before.checkpoints.last().state
    own.save()
    spec = train.prepare(run.job, tmp_path)
    assert spec["starts_from"] is None
    assert spec["resume"] is not None


def test_form_rest_and_page(as_bob: Client, split: Split, before: Run, bob: User) -> None:
    form = as_bob.get(f"/runs/new?starts_from={before.pk}").context["form"]
    assert form["starts_from"].value() == before.pk
    sent = {"method": "conv_ae", "split": split.pk, "seed": "1", "selection": "last"}
    boxes = {"config.is_grey": "true"}

    first = as_bob.post("/runs/new", sent | boxes | {"starts_from": before.pk})
    body = {"dataset": split.dataset_id, "method": "conv_ae", "starts_from": before.pk}
    second = as_bob.post("/api/v1/runs", body, content_type="application/json")

    assert (first.status_code, second.status_code) == (302, 202), second.content
    runs = Run.objects.exclude(starts_from=None)
    assert runs.count() == 2
    page = as_bob.get(first["Location"]).content.decode()
    assert "Began with the weights of" in page
    assert f"starts_from={before.pk}" in page
    answer = as_bob.get(f"/api/v1/runs/{runs[0].pk}").json()
    assert answer["starts_from"] == before.pk


def test_the_form_offers_none_where_there_are_none(as_bob: Client, split: Split) -> None:
    MethodFactory.create()

    assert "starts_from" not in as_bob.get("/runs/new").context["form"].fields


def two_streams(**changes: Any) -> Method:
    return MethodFactory.create(
        name="two_streams", title="Two streams", begins_with=["conv_ae"], **changes
    )


def test_weights_of_a_method_that_it_may_begin_with(split: Split, before: Run, bob: User) -> None:
    run = submit(split, bob, starts_from=before, method=two_streams())

    assert run.starts_from == before.checkpoints.get(step=20)


def test_what_both_methods_have_of_their_networks_has_to_agree(
    split: Split, before: Run, bob: User
) -> None:
    """And what one of them has alone does not."""
    schema = {**SCHEMA, "properties": SCHEMA["properties"] | {"more": {
        "type": "integer", "default": 3, "group": "Model"}}}  # fmt: skip
    method = two_streams(schema=schema)

    submit(split, bob, starts_from=before, method=method, config={"more": 5})
    error = refusal(split, bob, starts_from=before, method=method, config={"norm": "none"})

    assert error.sentence.endswith("has the weights of another network: norm")


def test_a_field_with_which_weights_may_differ(split: Split, before: Run, bob: User) -> None:
    grey = SCHEMA["properties"]["is_grey"] | {"transfers": True}
    Method.objects.update(schema=SCHEMA | {"properties": SCHEMA["properties"] | {"is_grey": grey}})

    run = submit(split, bob, starts_from=before, config={"is_grey": False})

    assert run.config["is_grey"] is False


def test_the_form_offers_runs_of_methods_that_it_may_begin_with(
    as_bob: Client, split: Split, before: Run
) -> None:
    two_streams()

    form = as_bob.get("/runs/new?method=two_streams").context["form"]

    assert before.pk in dict(form.fields["starts_from"].choices)

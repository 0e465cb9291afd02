"""Sweeps whose rows begin with the weights of other runs, as four initialisations do."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.factories.runs import (
    CheckpointFactory,
    MethodFactory,
    RunFactory,
    TrainableSplitFactory,
)
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Split
from webapp.runs.models import Method, Run, Sweep
from webapp.runs.sweeps import submit_sweep


@pytest.fixture
def split(team: Team) -> Split:
    return TrainableSplitFactory.create(dataset__team=team)


@pytest.fixture
def before(team: Team) -> Run:
    run = RunFactory.create(team=team, name="Before")
    CheckpointFactory.create(run=run, step=20)
    return run


def submit(split: Split, by: User, *variants: dict[str, Any]) -> Sweep:
    return submit_sweep(
        team=split.dataset.team, dataset=split.dataset, split=split, method=Method.objects.get(),
        config={}, grid={}, variants=variants, seeds=[0, 1], by=by,
    )  # fmt: skip


def test_each_row_begins_with_what_its_variant_names(split: Split, before: Run, bob: User) -> None:
    begun = {"title": "pre-trained", "config": {}, "starts_from": before.pk}

    sweep = submit(split, bob, {"title": "none", "config": {}}, begun)

    starts = sweep.runs.order_by("sweep_row", "seed").values_list("starts_from", flat=True)
    checkpoint = before.checkpoints.get()
    assert list(starts) == [None, None, checkpoint.pk, checkpoint.pk]
    assert not sweep.runs.exclude(trained_by=None).exists()


def test_two_rows_that_begin_alike_are_one(split: Split, before: Run, bob: User) -> None:
    begun = {"config": {}, "starts_from": before.pk}
    with pytest.raises(UserError, match="are the same configuration"):
        submit(split, bob, {"title": "one"} | begun, {"title": "other"} | begun)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"starts_from": "run_nowhere"}, "pre-trained: starts_from: there is no run and are no"),
        ({"config": {"norm": "none"}}, "pre-trained: starts_from: Before has the weights of an"),
    ],
)
def test_what_is_nothing_to_begin_with(
    split: Split, before: Run, bob: User, change: dict[str, Any], sentence: str
) -> None:
    begun = {"title": "pre-trained", "config": {}, "starts_from": before.pk} | change
    with pytest.raises(UserError, match=sentence):
        submit(split, bob, {"title": "none", "config": {}}, begun)
    assert not Sweep.objects.exists()


def test_weights_of_strangers_are_not_there(split: Split, before: Run, charlie: User) -> None:
    theirs = TrainableSplitFactory.create(dataset__team=charlie.teams.get())
    begun = {"title": "taken", "config": {}, "starts_from": before.pk}
    with pytest.raises(UserError, match="there is no run and are no weights called"):
        submit(theirs, charlie, {"title": "none", "config": {}}, begun)


def test_over_rest(split: Split, before: Run, as_bob: Client) -> None:
    variants = [{"title": "none"}, {"title": "pre-trained", "starts_from": before.pk}]
    body = {"dataset": split.dataset_id, "method": "conv_ae", "variants": variants}

    answer = as_bob.post("/api/v1/sweeps", body, "application/json")

    assert answer.status_code == 202
    assert [each["starts_from"] for each in answer.json()["variants"]] == ["", before.pk]


def test_over_the_page(split: Split, before: Run, as_bob: Client) -> None:
    MethodFactory.create()
    answers = {
        "method": "conv_ae", "split": split.pk, "seeds": "0", "selection": "last",
        "variants": f"none: \npre-trained: starts_from={before.pk}", "config.is_grey": ["true"],
        "config.norm": ["batch"], "config.input_size": "227, 227", "step": "submit",
    }  # fmt: skip

    sent = as_bob.post("/runs/sweeps/new", answers)

    assert sent.status_code == 302
    starts = Run.objects.filter(sweep__isnull=False).order_by("sweep_row")
    assert [run.starts_from is not None for run in starts] == [False, True]

"""A cross-validation in one go: its folds are made, and a run is submitted on each."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.factories.datasets import AnnotationSetFactory, DatasetFactory, VideoFactory
from tests.factories.runs import MethodFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import UserError
from webapp.datasets.models import Dataset, Split
from webapp.datasets.splits import FoldRule
from webapp.runs.models import Method, Run, Sweep
from webapp.runs.sweeps import submit_sweep

RULE = FoldRule(n_folds=4)


@pytest.fixture
def dataset(team: Team) -> Dataset:
    """Four recordings, each with a normal and an abnormal clip; all are for the test."""
    dataset = DatasetFactory.create(team=team, name="Fights")
    for source in "abcd":
        for label in ("normal", "Fight"):
            name = f"{label}/{source}"
            VideoFactory.create(dataset=dataset, name=name, label=label, source=source)
    AnnotationSetFactory.create(dataset=dataset)
    Split.objects.create(dataset=dataset, name="published")
    return dataset


@pytest.fixture
def method(db: None) -> Method:
    return MethodFactory.create(supervision="full")


def submit(dataset: Dataset, by: User, **changes: Any) -> Sweep:
    answers: dict[str, Any] = {
        "team": dataset.team, "dataset": dataset, "split": dataset.splits.first(),
        "method": Method.objects.get(), "config": {}, "grid": {}, "cross_validation": RULE,
        "by": by,
    }  # fmt: skip
    return submit_sweep(**answers | changes)


def test_a_run_waits_on_each_of_the_folds(dataset: Dataset, method: Method, bob: User) -> None:
    sweep = submit(dataset, bob, seeds=[0, 1])

    folds = Split.objects.filter(dataset=dataset, name="4 folds by source").order_by("fold")
    assert [fold.fold for fold in folds] == sweep.folds == [1, 2, 3, 4]
    assert [fold.held_out_by for fold in folds] == ["source"] * 4
    runs = Run.objects.filter(sweep=sweep)
    assert {(run.split_id, run.seed) for run in runs} == {
        (fold.pk, seed) for fold in folds for seed in (0, 1)
    }
    assert {run.job.status for run in runs} == {"created"}  # which is before the commit
    for fold in folds:
        labels = list(fold.members.filter(part="test").values_list("video__label", flat=True))
        assert sorted(labels) == ["Fight", "normal"]


def test_the_same_rule_uses_the_same_folds_again(
    dataset: Dataset, method: Method, bob: User
) -> None:
    first, second = submit(dataset, bob), submit(dataset, bob, config={"epochs": 3})
    assert first.split == second.split

    other = submit(dataset, bob, cross_validation=FoldRule(n_folds=4, seed=3), config={"epochs": 4})
    assert (other.split.name, other.split.version) == ("4 folds by source", 2)


def test_videos_that_have_come_since_make_other_folds(
    dataset: Dataset, method: Method, bob: User
) -> None:
    first = submit(dataset, bob)
    VideoFactory.create(dataset=dataset, name="normal/e", label="normal", source="e")

    assert submit(dataset, bob).split.version == first.split.version + 1


def test_folds_that_cannot_be_stratified(dataset: Dataset, method: Method, bob: User) -> None:
    dataset.videos.filter(label="Fight").update(source="a")

    with pytest.raises(UserError, match=r"4 folds cannot be stratified: fold \d has no abnormal"):
        submit(dataset, bob)

    assert not Split.objects.filter(fold__isnull=False).exists()
    assert not Run.objects.exists()


def test_more_folds_than_sources(dataset: Dataset, method: Method, bob: User) -> None:
    with pytest.raises(UserError, match="5 folds cannot be made of 4 groups") as caught:
        submit(dataset, bob, cross_validation=FoldRule(n_folds=5))
    assert caught.value.field == "cross_validation"


def test_folds_of_the_split_and_new_ones(dataset: Dataset, method: Method, bob: User) -> None:
    with pytest.raises(UserError, match="or have new ones made, not both"):
        submit(dataset, bob, folds=[1])


def test_a_viewer_may_not(dataset: Dataset, method: Method, vera: User) -> None:
    with pytest.raises(PermissionDenied):
        submit(dataset, vera)


def test_over_rest(dataset: Dataset, method: Method, as_bob: Client) -> None:
    body = {"dataset": dataset.pk, "method": method.pk, "cross_validation": {"n_folds": 2}}

    answer = as_bob.post("/api/v1/sweeps", body, "application/json")

    assert answer.status_code == 202
    assert (answer.json()["folds"], answer.json()["n_runs"]) == ([1, 2], 2)
    body["cross_validation"] = {"n_folds": 5}
    refused = as_bob.post("/api/v1/sweeps", body, "application/json")
    assert refused.status_code == 422
    assert "cannot be made of 4 groups" in refused.content.decode()


def test_over_the_page(dataset: Dataset, method: Method, as_bob: Client) -> None:
    answers = {
        "method": method.pk, "split": dataset.splits.get(name="published").pk, "seeds": "0",
        "selection": "last", "n_folds": "4", "held_out_by": "source", "folds_seed": "0",
        "config.is_grey": ["true"], "config.norm": ["batch"], "config.epochs": "3",
        "config.input_size": "64, 96",
    }  # fmt: skip
    looked = as_bob.post("/runs/sweeps/new", answers)
    assert "<strong>4 runs</strong>" in looked.content.decode()
    assert not Split.objects.filter(fold__isnull=False).exists()

    sent = as_bob.post("/runs/sweeps/new", answers | {"step": "submit"})

    assert sent.status_code == 302
    assert Run.objects.count() == 4
    refused = as_bob.post("/runs/sweeps/new", answers | {"step": "submit", "n_folds": "5"})
    assert refused.status_code == 422
    assert "cannot be made of 4 groups" in refused.content.decode()

"""The mean of all seeds of each configuration of a sweep, made by one button."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from tests.factories.datasets import SplitFactory
from tests.webapp.results.studies import test_sweep_table as tables
from webapp.accounts.models import User
from webapp.audit.models import AuditEvent
from webapp.common.errors import UserError
from webapp.datasets.models import Split
from webapp.results.protocols.choice import protocol_of
from webapp.results.scores.reading import read_scores
from webapp.results.studies.seed_ensembles import combine_seeds
from webapp.results.studies.sweep_table import SweepTable
from webapp.runs.models import Run, Sweep

pytestmark = pytest.mark.django_db

split = tables.split  # the fixture


def scored_sweep(split: Split, by: User, *, truths: list[float], **changes: Any) -> Sweep:
    """Its runs scored, as many as `truths` are given, by row, fold and seed."""
    sweep = tables.submit(split, by, **changes)
    runs = sweep.runs.order_by("sweep_row", "split__fold", "seed", "pk")
    for run, truth in zip(runs, truths, strict=False):
        tables.score(run, truth)
    return sweep


def table_of(sweep: Sweep) -> SweepTable:
    return SweepTable(sweep, protocol_of("frame-raw", sweep.team))


def test_every_configuration_gets_the_mean_of_all_its_seeds(split: Split, bob: User) -> None:
    sweep = scored_sweep(split, bob, truths=[0.9] * 6, seeds=[0, 1, 2])
    assert table_of(sweep).n_to_combine == 2

    made = combine_seeds(sweep, by=bob)

    assert len(made) == 2
    for row, run in zip(table_of(sweep).rows, made, strict=True):
        assert [each.run for each in row.ensembles] == [run]
        assert {each["run"] for each in run.recipe["members"]} == {each.pk for each in row.runs}
        assert run.name == f"Length · epochs {row.values[0]} · mean of 3 seeds"
        members = [read_scores(each.score_set) for each in row.runs]
        for video, scores in read_scores(run.score_set).items():
            expected = np.mean([each[video].values.astype(float) for each in members], axis=0)
            assert np.allclose(scores.values, expected)
    assert AuditEvent.objects.filter(act="run.mixed").count() == 2
    assert table_of(sweep).n_to_combine == 0
    with pytest.raises(UserError, match="nothing to combine"):
        combine_seeds(sweep, by=bob)


def test_what_is_not_scored_with_all_seeds_waits(split: Split, bob: User) -> None:
    sweep = scored_sweep(split, bob, truths=[0.9, 0.8, 0.7], seeds=[0, 1])

    [run] = combine_seeds(sweep, by=bob)

    first, second = table_of(sweep).rows
    assert [each.run for each in first.ensembles] == [run]
    assert second.ensembles == []


@pytest.mark.usefixtures("eager_worker")
def test_its_number_stands_beside_its_seeds(split: Split, bob: User) -> None:
    sweep = scored_sweep(split, bob, truths=[0.5, 0.4], grid={}, seeds=[0, 1])

    [run] = combine_seeds(sweep, by=bob)

    [row] = table_of(sweep).rows
    [ensemble] = row.ensembles
    assert ensemble.run == run
    evaluation = run.score_set.evaluations.get(protocol__slug="frame-raw")
    assert ensemble.value == evaluation.metrics["auroc"] is not None


def test_each_fold_has_a_mean_of_its_own(split: Split, bob: User) -> None:
    folds = [
        SplitFactory.create(dataset=split.dataset, name="cv", version=1, fold=fold)
        for fold in (1, 2)
    ]
    for each in folds:
        for member in split.members.filter(part="train"):
            each.members.create(video=member.video, part="train")
        tables.fill(each)
    sweep = scored_sweep(folds[0], bob, truths=[0.9] * 4, grid={}, seeds=[0, 1], folds=[1, 2])

    made = combine_seeds(sweep, by=bob)

    assert [run.split for run in made] == folds
    assert [run.name for run in made] == [
        "Length · fold 1 · mean of 2 seeds", "Length · fold 2 · mean of 2 seeds",
    ]  # fmt: skip


def test_one_seed_has_no_mean(split: Split, bob: User) -> None:
    sweep = scored_sweep(split, bob, truths=[0.9, 0.9])

    assert table_of(sweep).n_to_combine == 0
    with pytest.raises(UserError, match="all seeds of a configuration have to be scored"):
        combine_seeds(sweep, by=bob)


def test_members_selected_on_test_mark_their_mean(split: Split, bob: User) -> None:
    sweep = scored_sweep(split, bob, truths=[0.9] * 2, grid={}, seeds=[0, 1])
    Run.objects.filter(sweep=sweep, seed=1).update(selection="test")

    [run] = combine_seeds(sweep, by=bob)

    assert run.is_selected_on_test


def test_a_viewer_may_not(split: Split, bob: User, vera: User) -> None:
    sweep = scored_sweep(split, bob, truths=[0.9] * 2, grid={}, seeds=[0, 1])

    with pytest.raises(PermissionDenied):
        combine_seeds(sweep, by=vera)


def test_the_button_is_there_until_it_has_been_pressed(
    split: Split, bob: User, as_bob: Client, as_vera: Client
) -> None:
    sweep = scored_sweep(split, bob, truths=[0.9] * 4, seeds=[0, 1])
    address = f"/runs/sweeps/{sweep.pk}"
    assert "Combine seeds" in as_bob.get(address).content.decode()
    assert "Combine seeds" not in as_vera.get(address).content.decode()

    done = as_bob.post(f"{address}/combine", follow=True).content.decode()

    assert "2 virtual runs are there." in done
    assert done.count("mean of all seeds") == 2
    assert "Combine seeds" not in done
    assert as_bob.post(f"{address}/combine").status_code == 422


def test_the_same_over_rest(split: Split, bob: User, as_bob: Client) -> None:
    sweep = scored_sweep(split, bob, truths=[0.9] * 4, seeds=[0, 1])
    address = f"/api/v1/sweeps/{sweep.pk}"

    made = as_bob.post(f"{address}/combinations")

    assert made.status_code == 201
    found = [each["id"] for each in made.json()["results"]]
    rows = as_bob.get(f"{address}?protocol=frame-raw").json()["rows"]
    assert [row["ensemble_ids"] for row in rows] == [[each] for each in found]
    assert as_bob.post(f"{address}/combinations").status_code == 422

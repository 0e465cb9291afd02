"""The list of runs as a file holds every run of the filter."""

import csv
import io
import json
from typing import Any

import pytest
from django.test import Client

from tests.evaluating import evaluate
from tests.factories.datasets import FeatureSetFactory
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory, WeightsFactory
from webapp.accounts.models import Team
from webapp.pages.runs import PAGE_SIZE
from webapp.results.files import runs as run_table
from webapp.results.protocols.presets import ensure_protocols
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db


def rows_of(client: Client, **query: str) -> list[dict[str, str]]:
    text = client.get("/runs/export.csv", query).getvalue().decode()
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def run(team: Team) -> Run:
    run = labelled_run({"a": [0, 0, 1, 1]}, team=team, name="scored", current_job__ended=True)
    evaluate(save_by_name(run, {"a": float32(0.1, 0.9, 0.8, 0.7)}), ensure_protocols()[0])
    return run


def test_file_holds_more_than_a_page(as_vera: Client, run: Run, team: Team) -> None:
    shared = {"dataset": run.dataset, "split": run.split, "annotation_set": run.annotation_set}
    for _ in range(PAGE_SIZE + 2):
        RunFactory.create(team=team, **shared)

    rows = rows_of(as_vera)

    assert len(rows) == PAGE_SIZE + 3
    assert [row["run"] for row in rows] == sorted((row["run"] for row in rows), reverse=True)


def test_batches_join_without_gap(
    as_vera: Client, run: Run, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_table, "BATCH", 2)
    made = {RunFactory.create(team=team).pk for _ in range(4)} | {run.pk}

    rows = rows_of(as_vera)

    assert len(rows) == 5
    assert {row["run"] for row in rows} == made


def test_numbers_have_every_digit_and_their_protocol(as_vera: Client, run: Run) -> None:
    evaluation = run.score_set.evaluations.get()

    (row,) = rows_of(as_vera)

    assert float(row["auroc"]) == evaluation.metrics["auroc"]
    assert (row["protocol"], row["score_hash"]) == ("frame-raw", evaluation.score_hash)
    assert json.loads(row["config"]) == run.config


def test_file_says_which_features_and_weights_a_run_had(as_vera: Client, team: Team) -> None:
    weights, features = WeightsFactory.create(team=team), FeatureSetFactory.create()
    RunFactory.create(team=team, name="scored", weights=weights, kind=Run.Kind.WEIGHTS)
    begun = RunFactory.create(team=team, name="begun", starts_from=weights.checkpoint)
    Run.objects.filter(pk=begun.pk).update(feature_set=features)

    rows = {row["name"]: row for row in rows_of(as_vera)}

    told = {name: [row[key] for key in ("feature_set", "weights", "starts_from")]
            for name, row in rows.items()}  # fmt: skip
    assert told == {"scored": ["", weights.pk, ""], "begun": [features.pk, "", weights.pk]}


def test_filter_of_the_list_holds(as_vera: Client, run: Run, team: Team) -> None:
    other = RunFactory.create(team=team, name="other")

    rows = rows_of(as_vera, dataset=other.dataset_id, after="run_0")

    assert [row["name"] for row in rows] == ["other"]


def test_other_teams_are_left_out(as_charlie: Client, run: Run) -> None:
    assert rows_of(as_charlie) == []


@pytest.mark.parametrize("ending", ["md", "tex", "json"])
def test_other_formats(as_vera: Client, run: Run, ending: str) -> None:
    text = as_vera.get(f"/runs/export.{ending}").getvalue().decode()

    assert "scored" in text
    assert "frame-raw" in text
    if ending == "json":
        assert json.loads(text)["about"]["n_runs"] == 1


def test_too_many_rows_are_refused_with_a_sentence(
    as_vera: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_table, "MAX_ROWS", 0)

    response = as_vera.get("/runs/export.csv")

    assert response.status_code == 422
    assert "narrow the filter" in response.content.decode()


def test_queries_do_not_grow_with_runs(
    as_vera: Client, run: Run, team: Team, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        RunFactory.create(team=team)

    with django_assert_max_num_queries(16):
        assert len(rows_of(as_vera)) == 6


def test_list_links_to_files_of_its_filter(as_vera: Client, run: Run) -> None:
    page = as_vera.get("/runs", {"dataset": run.dataset_id}).content.decode()

    assert f"/runs/export.csv?dataset={run.dataset_id}" in page


def test_scored_runs_can_be_ticked(as_vera: Client, run: Run, team: Team) -> None:
    waiting = RunFactory.create(team=team)

    page = as_vera.get("/runs").content.decode()

    assert f'value="{run.pk}"' in page
    assert f'value="{waiting.pk}"' not in page

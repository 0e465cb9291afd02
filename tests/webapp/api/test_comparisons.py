"""Comparisons and leaderboards over REST."""

from typing import Any

import pytest
from django.test import Client

from tests.factories.datasets import AnnotationSetFactory
from tests.factories.results import labelled_run
from tests.factories.runs import RunFactory
from tests.webapp.api.test_schema import assert_as_described
from tests.webapp.pages.test_compare import LABELS, scored
from webapp.accounts.models import Team
from webapp.datasets.models import Interval
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.studies.comparison import Comparison
from webapp.runs.models import Run

COMPARISONS, LEADERBOARDS = "/api/v1/comparisons", "/api/v1/leaderboards"


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    return client.get("/api/v1/schema").json()


@pytest.fixture
def runs(team: Team) -> list[Run]:
    weak = labelled_run(LABELS, team=team, name="Weak", seed=1, current_job__ended=True)
    Interval.objects.filter(annotation_set=weak.annotation_set).update(label="Fall")
    same = {name: getattr(weak, name) for name in ("dataset", "split", "annotation_set")}
    strong = RunFactory.create(
        team=team, name="Strong", seed=2, selection="test", current_job__ended=True, **same
    )
    return [scored(weak, 0.5), scored(strong, 2.0)]


def test_comparison_is_that_of_the_page(
    reader: Client, runs: list[Run], document: dict[str, Any]
) -> None:
    response = reader.get(COMPARISONS, {"run": [run.pk for run in runs]})

    assert_as_described(document, COMPARISONS, "get", response)
    answer = response.json()
    expected = Comparison(runs, ensure_protocols()[0])
    assert [each["id"] for each in answer["runs"]] == [run.pk for run in runs]
    assert [each["rank_group"] for each in answer["runs"]] == expected.groups == [2, 1]
    assert [each["selected_on_test"] for each in answer["runs"]] == [False, True]
    assert [row["metric"] for row in answer["metrics"]] == [row.name for row in expected.rows]
    cell, of_page = answer["metrics"][0]["cells"][1], expected.rows[0].cells[1]
    assert cell["value"] == of_page.value
    assert cell["interval"] == of_page.interval
    assert of_page.difference is not None
    assert cell["paired"]["difference"] == of_page.difference.difference
    assert cell["paired"]["interval"] == list(of_page.difference.interval)
    assert cell["paired"]["p_value"] == of_page.difference.p_value
    assert {each["name"] for each in answer["config_differences"]} == {"seed", "selection"}
    assert answer["per_class"][0]["n_videos"] == len(LABELS)


def test_comparison_says_what_is_not_paired(reader: Client, runs: list[Run], team: Team) -> None:
    elsewhere = scored(labelled_run(LABELS, team=team, current_job__ended=True), 1.0)

    answer = reader.get(COMPARISONS, {"run": [runs[0].pk, elsewhere.pk]}).json()

    assert answer["runs"][1]["is_alike"] is False
    cell = answer["metrics"][0]["cells"][1]
    assert (cell["paired"], cell["not_paired"]) == (None, "other_data")


def test_comparison_of_a_run_that_waits(
    reader: Client, runs: list[Run], team: Team, document: dict[str, Any]
) -> None:
    waiting = RunFactory.create(team=team)

    response = reader.get(COMPARISONS, {"run": [waiting.pk, runs[0].pk]})

    assert_as_described(document, COMPARISONS, "get", response)
    first = response.json()["runs"][0]
    assert (first["is_evaluated"], first["rank_group"]) == (False, None)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 422),
        ({"run": [f"run_{i}" for i in range(11)]}, 422),
        ({"run": ["run_none"]}, 404),
        ({"protocol": "none"}, 404),
        ({"annotation_set": "ann_none"}, 404),
        ({"runs": "x"}, 422),
    ],
)
def test_bad_comparisons(
    reader: Client, runs: list[Run], query: dict[str, Any], status: int
) -> None:
    known = {"run": [runs[0].pk]} if query and "run" not in query else {}

    response = reader.get(COMPARISONS, known | query)

    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"


def test_strangers_run_is_unknown(stranger: Client, runs: list[Run]) -> None:
    assert stranger.get(COMPARISONS, {"run": runs[0].pk}).status_code == 404
    assert stranger.get(f"{LEADERBOARDS}/{runs[0].dataset_id}").status_code == 404
    assert stranger.get(LEADERBOARDS).json() == {"results": []}


def test_leaderboard_ranks_our_runs_and_lists_claims(
    reader: Client, runs: list[Run], document: dict[str, Any]
) -> None:
    dataset = runs[0].dataset
    dataset.benchmark = "ucf-crime"
    dataset.save()

    response = reader.get(f"{LEADERBOARDS}/{dataset.pk}")

    assert_as_described(document, LEADERBOARDS + "/{dataset_id}", "get", response)
    answer = response.json()
    (board,) = answer["boards"]
    assert [(e["rank"], e["group"], e["run_name"]) for e in board["entries"]] == [
        (1, 1, "Strong"),
        (2, 2, "Weak"),
    ]
    assert [entry["selected_on_test"] for entry in board["entries"]] == [True, False]
    assert all(len(entry["interval"]) == 2 for entry in board["entries"])
    assert answer["reported"][0]["value"] == 0.8724


def test_leaderboard_by_another_protocol(reader: Client, runs: list[Run]) -> None:
    address = f"{LEADERBOARDS}/{runs[0].dataset_id}"

    answer = reader.get(address, {"protocol": "frame-ap"}).json()

    assert (answer["metric"], answer["reported"]) == ("average_precision", [])
    assert reader.get(address, {"protocol": "none"}).status_code == 404
    assert reader.get(address, {"rule": "x"}).status_code == 422


def test_overview_has_the_best_of_each_protocol(
    reader: Client, runs: list[Run], document: dict[str, Any]
) -> None:
    AnnotationSetFactory.create(dataset=runs[0].dataset, version=9)  # nobody was scored on it

    response = reader.get(LEADERBOARDS)

    assert_as_described(document, LEADERBOARDS, "get", response)
    (line,) = response.json()["results"]
    assert len(line["protocols"]) == len(ensure_protocols())
    raw = line["protocols"][0]
    assert (raw["best"]["run_id"], raw["n_runs"]) == (runs[1].pk, 2)
    assert raw["best"]["selected_on_test"] is True
    assert reader.get(raw["url"]).json()["boards"][0]["entries"][0]["run_id"] == runs[1].pk

"""Numbers for each kind of anomaly: of one run, of several side by side, and as files."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from django.test import Client

from ml.metrics import auroc
from ml.normal import kind_of
from tests.evaluating import evaluate
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.datasets.models import Interval
from webapp.results.protocols.presets import ensure_protocols
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db

LABELS = {
    "abuse_1": [0, 0, 1, 1], "abuse_2": [0, 1, 1, 0], "arson": [1, 0, 0, 0], "calm": [0, 0, 0, 0],
}  # fmt: skip
SCORES = {
    "abuse_1": [0.1, 0.5, 0.9, 0.4], "abuse_2": [0.2, 0.8, 0.3, 0.6], "arson": [0.7, 0.1, 0.2, 0.3],
    "calm": [0.0, 0.35, 0.1, 0.75],
}  # fmt: skip


@pytest.fixture
def run(team: Team) -> Run:
    """Of the abuse only the videos say what it is, of the arson the interval does."""
    run = labelled_run(LABELS, team=team, name="First", current_job__ended=True)
    run.dataset.videos.filter(name__startswith="abuse").update(label="Abuse")
    run.dataset.videos.filter(name="arson").update(label="abnormal")
    run.dataset.videos.filter(name="calm").update(label="normal")
    Interval.objects.filter(video__name="arson").update(label="Arson")
    judged(run, SCORES)
    return run


def judged(run: Run, scores: dict[str, list[float]]) -> None:
    evaluate(
        save_by_name(run, {name: float32(*each) for name, each in scores.items()}),
        ensure_protocols()[0],
    )


@pytest.fixture
def other(run: Run) -> Run:
    other = RunFactory.create(
        team=run.team, name="Second", dataset=run.dataset, split=run.split,
        annotation_set=run.annotation_set, current_job__ended=True,
    )  # fmt: skip
    judged(other, {name: each[::-1] for name, each in SCORES.items()})
    return other


def abnormal_and_normal(scores: dict[str, list[float]], prefix: str) -> tuple[list[float], ...]:
    pairs = [
        (name, label, score)
        for name in LABELS
        for label, score in zip(LABELS[name], scores[name], strict=True)
    ]
    kind = [score for name, label, score in pairs if label and name.startswith(prefix)]
    return kind, [score for _name, label, score in pairs if not label]


def precision(kind: list[float], normal: list[float]) -> float:
    """Of distinct scores: the mean over the kind's frames of the precision where each is found."""
    return float(
        np.mean([
            sum(k >= each for k in kind) / sum(s >= each for s in [*kind, *normal])
            for each in kind
        ])
    )  # fmt: skip


def test_a_video_that_names_a_kind_gives_it_to_its_unnamed_events(run: Run) -> None:
    [evaluation] = run.score_set.evaluations.all()

    found = {each["label"]: each for each in evaluation.per_class}

    assert set(found) == {"Abuse", "Arson"}
    for label, prefix in (("Abuse", "abuse"), ("Arson", "arson")):
        kind, normal = abnormal_and_normal(SCORES, prefix)
        expected = auroc([1] * len(kind) + [0] * len(normal), [*kind, *normal])
        assert found[label]["auroc_against_normal"] == pytest.approx(expected)
        assert found[label]["average_precision"] == pytest.approx(precision(kind, normal))
    assert (found["Abuse"]["n_videos"], found["Arson"]["n_videos"]) == (2, 1)
    low, high = found["Abuse"]["interval_average_precision"]
    assert low <= found["Abuse"]["average_precision"] <= high
    assert found["Arson"]["interval_average_precision"] is None


@pytest.mark.parametrize(
    ("label", "kind"), [("", ""), ("normal", ""), ("abnormal", ""), ("Abuse", "Abuse")]
)
def test_labels_that_name_no_kind_give_none(label: str, kind: str) -> None:
    assert kind_of(label) == kind


def test_the_run_page_draws_kinds_and_leads_to_a_file(run: Run, as_vera: Client) -> None:
    page = as_vera.get(f"/runs/{run.pk}")

    [bars] = page.context["classes"]["data"]
    assert bars["x"] == ["Abuse (2)", "Arson (1)"]
    assert f"/compare/classes.csv?run={run.pk}" in page.content.decode()


def test_a_run_whose_ground_truth_names_no_kind_has_no_such_part(
    team: Team, as_vera: Client
) -> None:
    run = labelled_run({"a": [0, 1]}, team=team, current_job__ended=True)
    evaluate(save_by_name(run, {"a": float32(0, 1)}), ensure_protocols()[0])

    page = as_vera.get(f"/runs/{run.pk}")

    assert page.context["classes"] == {}
    assert "By kind of anomaly" not in page.content.decode()


def test_several_runs_stand_side_by_side_with_intervals(
    run: Run, other: Run, as_vera: Client
) -> None:
    page = as_vera.get("/compare", {"run": [run.pk, other.pk]})
    told = as_vera.get("/api/v1/comparisons", {"run": [run.pk, other.pk]}).json()

    abuse, arson = page.context["comparison"].classes
    assert [cell.interval is None for cell in abuse.cells] == [False, False]
    assert [cell.interval for cell in arson.cells] == [None, None]
    reversed_scores = {name: each[::-1] for name, each in SCORES.items()}
    expected = [
        precision(*abnormal_and_normal(scores, "abuse")) for scores in (SCORES, reversed_scores)
    ]
    assert [cell.precision for cell in abuse.cells] == pytest.approx(expected)
    assert told["per_class"][0]["average_precision"] == pytest.approx(expected)
    assert told["per_class"][1]["average_precision_intervals"] == [None, None]


def test_files_have_a_row_for_each_run_and_kind(run: Run, other: Run, as_vera: Client) -> None:
    query = {"run": [run.pk, other.pk]}

    text = as_vera.get("/compare/classes.csv", query).content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))

    assert [(row["run"], row["kind_of_anomaly"]) for row in rows] == [
        (run.pk, "Abuse"), (run.pk, "Arson"), (other.pk, "Abuse"), (other.pk, "Arson"),
    ]  # fmt: skip
    kind, normal = abnormal_and_normal(SCORES, "abuse")
    assert float(rows[0]["average_precision"]) == pytest.approx(precision(kind, normal))
    assert rows[1]["lower"] == ""
    assert as_vera.get("/compare/classes.md", query).status_code == 200
    assert as_vera.get("/compare/classes.csv").status_code == 400

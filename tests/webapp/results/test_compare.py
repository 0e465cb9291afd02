"""Runs side by side."""

from typing import Any

import numpy as np
import pytest
from django.test import Client

from ml.records import Scores
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import RunFactory
from webapp.accounts.models import Team
from webapp.results.compare import Comparison
from webapp.results.protocols import ensure_protocols
from webapp.results.services import evaluate
from webapp.runs.models import Run

pytestmark = pytest.mark.django_db

N_VIDEOS, N_FRAMES = 12, 40
RNG = np.random.default_rng(0)
LABELS = {f"v{i}": (np.arange(N_FRAMES) > 20 + i).astype(int).tolist() for i in range(N_VIDEOS)}
NOISE = {name: RNG.normal(size=N_FRAMES) for name in LABELS}


def scored(run: Run, strength: float) -> Run:
    """The stronger, the better it tells the frames apart; the noise is the same for all."""
    scores = {
        name: Scores(values=(NOISE[name] + strength * np.array(labels)).astype(np.float32))
        for name, labels in LABELS.items()
    }
    score_set = save_by_name(run, scores)
    for protocol in ensure_protocols():
        evaluate(score_set, protocol)
    return run


@pytest.fixture
def weak(team: Team) -> Run:
    run = labelled_run(LABELS, team=team, name="Weak", seed=1, current_job__ended=True)
    return scored(run, 0.5)


@pytest.fixture
def strong(weak: Run) -> Run:
    run = RunFactory.create(
        team=weak.team,
        name="Strong",
        seed=2,
        dataset=weak.dataset,
        split=weak.split,
        annotation_set=weak.annotation_set,
        current_job__ended=True,
    )
    return scored(run, 2.0)


@pytest.fixture
def elsewhere(team: Team) -> Run:
    run = labelled_run({"x": [0, 1]}, team=team, name="Elsewhere", current_job__ended=True)
    evaluate(save_by_name(run, {"x": float32(0, 1)}), ensure_protocols()[0])
    return run


def comparison(*runs: Run) -> Comparison:
    return Comparison(runs, ensure_protocols()[0])


def row(compared: Comparison, name: str) -> Any:
    return next(each for each in compared.rows if each.name == name)


def test_differences_are_paired(weak: Run, strong: Run) -> None:
    first, second = row(comparison(weak, strong), "auroc").cells

    assert first.difference is None
    assert second.difference.difference == pytest.approx(second.value - first.value)
    low, high = second.difference.interval
    assert 0 < low < second.difference.difference < high
    assert second.is_clear
    # Unpaired, the two intervals would hide a difference as clear as this one.
    assert high - low < (second.interval[1] - second.interval[0]) + (
        first.interval[1] - first.interval[0]
    )


def test_the_best_is_the_lowest_error(weak: Run, strong: Run) -> None:
    compared = comparison(weak, strong)

    assert [cell.is_best for cell in row(compared, "auroc").cells] == [False, True]
    assert [cell.is_best for cell in row(compared, "equal_error_rate").cells] == [False, True]


def test_runs_on_other_data_are_told_apart(weak: Run, strong: Run, elsewhere: Run) -> None:
    compared = comparison(weak, strong, elsewhere)

    assert [column.is_alike for column in compared.columns] == [True, True, False]
    stranger = row(compared, "auroc").cells[2]
    assert (stranger.value, stranger.is_best, stranger.difference) == (1, False, None)


def test_only_what_differs_is_listed(weak: Run, strong: Run) -> None:
    assert dict(comparison(weak, strong).differing) == {"seed": ["1", "2"]}


def test_videos_with_the_largest_difference_come_first(weak: Run, strong: Run) -> None:
    gaps = [abs(second - first) for _video, (first, second) in comparison(weak, strong).videos]  # type: ignore[operator]

    assert len(gaps) == N_VIDEOS
    assert gaps == sorted(gaps, reverse=True)


def test_page_shows_runs_in_the_order_of_the_address(
    as_vera: Client, weak: Run, strong: Run
) -> None:
    response = as_vera.get("/compare", {"run": [strong.pk, weak.pk]})

    assert [column.run for column in response.context["comparison"].columns] == [strong, weak]
    assert [trace["name"] for trace in response.context["roc"]["data"]] == [
        "chance",
        "Strong",
        "Weak",
    ]
    assert len(response.context["scatter"]["data"][1]["x"]) == N_VIDEOS


def test_page_says_that_data_differ(as_vera: Client, weak: Run, elsewhere: Run) -> None:
    page = as_vera.get("/compare", {"run": [weak.pk, elsewhere.pk]}).content.decode()

    assert "other data" in page


def test_page_without_runs_offers_some(as_vera: Client, weak: Run) -> None:
    response = as_vera.get("/compare")

    assert list(response.context["offered"]) == [weak]


def test_a_run_that_is_not_evaluated_has_dashes(as_vera: Client, weak: Run) -> None:
    waiting = RunFactory.create(team=weak.team)

    response = as_vera.get("/compare", {"run": [weak.pk, waiting.pk]})

    assert row(response.context["comparison"], "auroc").cells[1].value is None


@pytest.mark.parametrize(("query", "status"), [({"protocol": "none"}, 404), ({"run": "x"}, 404)])
def test_what_does_not_exist_is_404(as_vera: Client, query: dict[str, str], status: int) -> None:
    assert as_vera.get("/compare", query).status_code == status


def test_too_many_runs_are_refused(as_vera: Client) -> None:
    response = as_vera.get("/compare", {"run": [f"run_{i}" for i in range(11)]})

    assert response.status_code == 400


def test_page_asks_the_database_the_same_for_many_runs(
    as_vera: Client, weak: Run, strong: Run, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(20):
        as_vera.get("/compare", {"run": [weak.pk, strong.pk]})

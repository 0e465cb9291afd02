"""Numbers are made by jobs: every address that is only looked at answers without making any."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from ml import metrics
from ml.evaluation import evaluate_under, evaluate_videos
from ml.evaluation.events import event_numbers, sweep_of
from ml.evaluation.intervals import replicate
from ml.evaluation.overview import overview_of
from ml.evaluation.sensitivity import sensitivity_grid
from ml.evaluation.thresholds import at_thresholds
from tests.conftest import logged_in
from tests.evaluating import evaluate_run
from tests.webapp import test_permission_matrix as matrix
from webapp.accounts.models import User
from webapp.results.models import Evaluation, ScoreOverview
from webapp.results.protocols.team import create_protocol
from webapp.runs.models import Run

MAKERS = (
    evaluate_under, evaluate_videos, event_numbers, sweep_of, replicate, overview_of,
    sensitivity_grid, at_thresholds, metrics.sweep, metrics.rank, metrics.rank_counts,
    metrics.segments, metrics.placements, metrics.auroc, metrics.bootstrap_auroc,
    metrics.bootstrap_metrics, metrics.bootstrap_at_threshold,
)  # fmt: skip
world = matrix.world  # the fixture


class Made(AssertionError):
    """A number was made."""


def refuse(*_arguments: object, **_values: object) -> NoReturn:
    raise Made


@pytest.fixture
def _nobody_makes_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a module of ours has one of the makers, under whatever name."""
    ours = [each for name, each in sys.modules.items() if name.startswith(("ml", "webapp"))]
    for module in ours:
        for name, value in list(vars(module).items()):
            if any(value is maker for maker in MAKERS):
                monkeypatch.setattr(module, name, refuse)


@pytest.fixture
def evaluated(world: matrix.World) -> Run:
    run = Run.objects.get(pk=world.ids["run_id"])
    evaluate_run(run)
    return run


def stored() -> tuple[int, int]:
    return Evaluation.objects.count(), ScoreOverview.objects.count()


@pytest.mark.usefixtures("evaluated", "_nobody_makes_numbers")
@pytest.mark.parametrize("role", ["member", "viewer"])
def test_what_is_looked_at_is_there(world: matrix.World, role: str) -> None:
    client, before = logged_in(world.people[role]), stored()
    counts: list[tuple[int, int]] = []

    answers = {
        name: world.ask(client, name, "GET", then=lambda: counts.append(stored()))
        for name, by_method in matrix.MATRIX.items()
        if "GET" in by_method
    }

    assert set(counts) == {before}
    place = matrix.PEOPLE.index(role)
    assert answers == {name: matrix.MATRIX[name]["GET"].people[place] for name in answers}
    assert len(answers) > 90


@pytest.mark.usefixtures("_nobody_makes_numbers")
@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("api:evaluation", {"protocol": "ours"}),
        ("api:evaluation", {"protocol": "frame-macro", "version": "1"}),
        ("api:sensitivity", {}),
        ("runs:sensitivity", {}),
        ("runs:detail", {}),
        ("results:leaderboards", {}),
        ("results:leaderboard", {"protocol": "ours"}),
        ("results:compare", {"protocol": "ours"}),
        ("runs:sweep", {"protocol": "ours"}),
        ("results:protocols", {}),
    ],
)
def test_nor_is_it_made_where_it_is_missing(
    world: matrix.World, name: str, query: dict[str, str]
) -> None:
    member: User = world.people["member"]
    team = Run.objects.get(pk=world.ids["run_id"]).team
    create_protocol(team=team, title="Ours", settings={"drop_first": 1}, by=member)
    queries: dict[str, Any] = {name: world.queries.get(name, {}) | query}

    assert replace(world, queries=queries).ask(logged_in(member), name, "GET") == 200
    assert stored() == (0, 0)


@pytest.mark.usefixtures("_nobody_makes_numbers")
def test_what_makes_numbers_is_seen(world: matrix.World) -> None:
    with pytest.raises(Made):
        evaluate_run(Run.objects.get(pk=world.ids["run_id"]))

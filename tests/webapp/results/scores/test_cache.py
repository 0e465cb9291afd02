"""What takes seconds is computed once, and never mistaken for something else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories.results import labelled_run
from tests.webapp.sharing.conftest import LABELS, scored
from webapp.accounts.models import Team
from webapp.results.studies import operating_points, sensitivity
from webapp.runs.models import Run


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def run(team: Team) -> Run:
    run = labelled_run(LABELS, team=team)
    return scored(run, gate=(0.1, 0.2, 0.9, 0.8), yard=(0.3, 0.7, 0.2, 0.1))


def test_the_grid_is_computed_once(
    run: Run, as_vera: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/api/v1/runs/{run.pk}/sensitivity"
    first = as_vera.get(address).json()
    monkeypatch.setattr(sensitivity, "sensitivity_grid", pytest.fail)
    assert as_vera.get(address).json() == first


def test_the_sweep_is_kept_by_what_was_asked(
    run: Run, as_vera: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/api/v1/runs/{run.pk}/operating-points"
    plain, held = as_vera.get(address).json(), as_vera.get(f"{address}?hold_seconds=0.1").json()
    assert plain["curve"] != held["curve"]
    monkeypatch.setattr(operating_points.metrics, "sweep", pytest.fail)
    assert as_vera.get(address).json() == plain
    assert as_vera.get(f"{address}?hold_seconds=0.1").json() == held
    other = as_vera.get(f"{address}?threshold=0.65").json()
    assert (other["curve"], other["threshold"]) == (plain["curve"], 0.65)


def test_other_runs_have_their_own(run: Run, as_vera: Client) -> None:
    other = scored(
        labelled_run(LABELS, team=run.team), gate=(0.9, 0.8, 0.1, 0.2), yard=(0.3, 0.2, 0.8, 0.1)
    )
    found = [as_vera.get(f"/api/v1/runs/{each.pk}/sensitivity").json() for each in (run, other)]
    assert found[0]["results"] != found[1]["results"]

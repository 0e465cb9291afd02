"""What was chosen by looking at the test videos says so wherever a number of it is shown."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.factories.results import labelled_run
from tests.factories.runs import RunFactory
from tests.webapp.sharing.conftest import LABELS, moment_of, protocol_id, scored
from webapp.accounts.models import Team, User
from webapp.runs.models import Run
from webapp.sharing.services import create_link

MARK = "selected on test"
SCORES = {"gate": (0.1, 0.2, 0.9, 0.8), "yard": (0.3, 0.7, 0.2, 0.1)}


@pytest.fixture
def run(team: Team) -> Run:
    return scored(labelled_run(LABELS, team=team, name="Ramp"), **SCORES)


@pytest.fixture
def rival(run: Run) -> Run:
    """Of the same configuration with another seed."""
    same = ("dataset", "split", "annotation_set", "method", "config")
    values = {name: getattr(run, name) for name in same}
    rival = RunFactory.create(team=run.team, name="Noise", seed=run.seed + 1, **values)
    return scored(rival, gate=(0.5, 0.1, 0.6, 0.2), yard=(0.3, 0.2, 0.8, 0.1))


def select_on_test(*runs: Run) -> None:
    Run.objects.filter(pk__in=[run.pk for run in runs]).update(selection="test")


@pytest.fixture
def pages(run: Run, rival: Run, bob: User) -> dict[str, str]:
    """Every page with a number of a run, and every file."""
    video = run.dataset.videos.get(name="gate")
    both = f"run={run.pk}&run={rival.pk}"
    found = {
        "home": "/",
        "runs": "/runs",
        "run": f"/runs/{run.pk}",
        "operating points": f"/runs/{run.pk}/operating-points",
        "sensitivity": f"/runs/{run.pk}/sensitivity",
        "video": f"/videos/{video.pk}?run={run.pk}",
        "compare": f"/compare?{both}",
        "leaderboards": "/leaderboards",
        "leaderboard": f"/leaderboards/{run.dataset_id}",
        **{f"runs.{form}": f"/runs/export.{form}" for form in FORMATS},
        **{f"compare.{form}": f"/compare/export.{form}?{both}" for form in FORMATS},
        **{
            f"leaderboard.{form}": f"/leaderboards/{run.dataset_id}/export.{form}"
            for form in FORMATS
        },
    }
    runs, protocol = [run.pk, rival.pk], protocol_id()
    shared: dict[str, dict[str, Any]] = {
        "run": {"runs": [run.pk]},
        "comparison": {"runs": runs, "protocol": protocol},
        "leaderboard": {"dataset": run.dataset_id, "protocol": protocol},
        "moment": moment_of(video, run, rival),
    }
    for kind, ids in shared.items():
        _link, address = create_link(kind=kind, ids=ids, by=bob)
        found[f"shared {kind}"] = "/s/" + address.rpartition("/")[2]
    return found


FORMATS = ("csv", "json", "md", "tex")


def is_marked(client: Client, name: str, address: str) -> bool:
    response = client.get(address)
    assert response.status_code == 200, name
    text = response.getvalue().decode()
    match name.rpartition(".")[2]:
        case "csv":
            return any(
                row["selected_on_test"] == "True" for row in csv.DictReader(io.StringIO(text))
            )
        case "json":
            return '"selected_on_test": true' in text
        case "md":
            return "Ramp‡" in text
        case "tex":
            return r"Ramp$^\ddagger$" in text
        case _:
            return f">{MARK}<" in text


def test_every_page_and_file_says_it(
    pages: dict[str, str], run: Run, rival: Run, as_bob: Client
) -> None:
    select_on_test(run, rival)
    assert [name for name, address in pages.items() if not is_marked(as_bob, name, address)] == []


def test_none_says_it_without_reason(pages: dict[str, str], run: Run, as_bob: Client) -> None:
    """Thresholds are chosen on the test videos here, so their pages may."""
    of_thresholds = {"run", "shared run", "operating points"}
    marked = {name for name, address in pages.items() if is_marked(as_bob, name, address)}
    assert marked <= of_thresholds


ANSWERS: dict[str, Callable[[Run, Run], str]] = {
    "runs": lambda run, _: "runs",
    "run": lambda run, _: f"runs/{run.pk}",
    "evaluation": lambda run, _: f"runs/{run.pk}/evaluation",
    "operating points": lambda run, _: f"runs/{run.pk}/operating-points",
    "sensitivity": lambda run, _: f"runs/{run.pk}/sensitivity",
    "comparison": lambda run, rival: f"comparisons?run={run.pk}&run={rival.pk}",
    "leaderboards": lambda run, _: "leaderboards",
    "leaderboard": lambda run, _: f"leaderboards/{run.dataset_id}",
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_says_it(name: str, run: Run, rival: Run, as_bob: Client) -> None:
    address = "/api/v1/" + ANSWERS[name](run, rival)
    # Without validation scores a threshold has to be chosen on test, whatever the checkpoint.
    was_marked = True in marks_in(as_bob.get(address).json())
    assert was_marked == (name == "operating points")
    select_on_test(run, rival)
    marks = marks_in(as_bob.get(address).json())
    assert marks
    assert set(marks) == {True}


def marks_in(answer: Any) -> list[bool]:
    if isinstance(answer, list):
        return [mark for each in answer for mark in marks_in(each)]
    if isinstance(answer, dict):
        own = [answer["selected_on_test"]] if "selected_on_test" in answer else []
        return own + [mark for each in answer.values() for mark in marks_in(each)]
    return []


def test_a_threshold_of_ones_own_is_chosen_on_test(run: Run, as_bob: Client) -> None:
    page = as_bob.get(f"/runs/{run.pk}/operating-points?threshold=0.33").content.decode()
    assert "A threshold that is chosen on this page" in page
    assert f">{MARK}<" in page


def test_seeds_say_it(run: Run, rival: Run, as_bob: Client) -> None:
    select_on_test(run, rival)
    for address in (f"/leaderboards/{run.dataset_id}", f"/runs/{run.pk}"):
        page = as_bob.get(address).content.decode()
        place = page.index("over 2 seeds" if "boards" in address else "Seeds of this")
        assert f">{MARK}<" in page[place : place + 600]
    table = as_bob.get(f"/leaderboards/{run.dataset_id}/export.md").getvalue().decode()
    assert "over 2 seeds" in table
    assert f", {MARK}" in table


def test_figures_say_it_in_their_files(run: Run, rival: Run, as_bob: Client) -> None:
    """Names in a figure are all that its SVG, PNG and CSV tell of a run."""
    select_on_test(run)
    context = as_bob.get(f"/compare?run={run.pk}&run={rival.pk}").context
    for figure in ("intervals", "roc", "pr"):
        names = [trace["name"] for trace in context[figure]["data"]]
        assert f"Ramp ({MARK})" in names
        assert "Noise" in names
    axis = context["intervals"]["layout"]
    assert axis["yaxis"]["ticktext"] == ["Ramp ‡", "Noise"]
    assert axis["xaxis"]["title"]["text"].endswith(f"‡ {MARK}")

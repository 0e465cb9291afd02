"""Runs without numbers: what pages say of them, and the one button that has them evaluated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.evaluating import end_evaluations, evaluate_run
from tests.factories.results import float32, labelled_run, save_by_name
from tests.factories.runs import sweep_of
from webapp.accounts.models import Team, User
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.protocols.team import create_protocol
from webapp.results.studies import unevaluated as study
from webapp.results.studies.unevaluated import unevaluated
from webapp.runs.models import Run
from webapp.sharing.services import create_link

pytestmark = pytest.mark.django_db
BUTTON = 'action="/evaluate"'
LABELS = {"gate": [0, 0, 1, 1], "yard": [0, 1, 1, 0]}


@pytest.fixture
def run(team: Team) -> Run:
    """Evaluated, before the team had a protocol of its own."""
    run = labelled_run(LABELS, team=team, name="Ramp", current_job__ended=True)
    scores = {"gate": float32(0.1, 0.2, 0.9, 0.8), "yard": float32(0.3, 0.7, 0.2, 0.1)}
    save_by_name(run, scores)
    run = Run.objects.get(pk=run.pk)
    evaluate_run(run)
    return run


@pytest.fixture
def protocol(run: Run, bob: User) -> Protocol:
    settings = {"drop_first": 1}
    return create_protocol(team=run.team, title="Ours", settings=settings, by=bob)


PAGES: dict[str, Callable[[Run], str]] = {
    "run": lambda run: f"/runs/{run.pk}",
    "sensitivity": lambda run: f"/runs/{run.pk}/sensitivity",
    "comparison": lambda run: f"/compare?run={run.pk}&protocol=ours",
    "leaderboard": lambda run: f"/leaderboards/{run.dataset_id}?protocol=ours",
    "leaderboards": lambda run: "/leaderboards",
    "protocols": lambda run: "/protocols",
    "sweep": lambda run: f"/runs/sweeps/{run.sweep_id or sweep_of(run).pk}?protocol=ours",
}


def sentences_of(client: Client, address: str) -> str:
    page = client.get(address)
    assert page.status_code == 200, address
    return " ".join(page.content.decode().split())


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_what_is_missing_and_has_it_made(
    name: str, run: Run, protocol: Protocol, as_bob: Client
) -> None:
    address = PAGES[name](run)

    page = sentences_of(as_bob, address)
    assert "1 scored run has not been evaluated yet under: Ours." in page
    assert page.count(BUTTON) == 1
    answer = as_bob.post("/evaluate", {"run": [run.pk], "next": address})
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    after = sentences_of(as_bob, address)
    assert "1 run is evaluated as soon as a worker is free." in after
    assert ("1 is being evaluated." in after) == (name != "run")  # whose state says it
    assert BUTTON not in after

    assert end_evaluations() == 1
    done = sentences_of(as_bob, address)
    assert "not been evaluated yet" not in done
    assert BUTTON not in done
    assert Evaluation.objects.filter(protocol=protocol, score_set__run=run).count() == 1


@pytest.mark.parametrize("name", PAGES)
def test_who_may_not_submit_has_the_sentence_alone(
    name: str, run: Run, protocol: Protocol, as_vera: Client
) -> None:
    page = sentences_of(as_vera, PAGES[name](run))

    assert "1 scored run has not been evaluated yet under: Ours." in page
    assert BUTTON not in page
    assert as_vera.post("/evaluate", {"run": [run.pk]}).status_code == 403
    assert not Job.objects.filter(kind="evaluate").exists()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_silent_where_nothing_is_missing(name: str, run: Run, as_bob: Client) -> None:
    address = PAGES[name](run).replace("ours", "frame-raw")

    page = sentences_of(as_bob, address)

    assert "not been evaluated yet" not in page
    assert BUTTON not in page


@pytest.mark.parametrize("kind", ["run", "comparison", "leaderboard"])
def test_a_link_starts_nothing(
    kind: str, run: Run, protocol: Protocol, bob: User, client: Client
) -> None:
    ids: dict[str, Any] = {"runs": [run.pk], "dataset": run.dataset_id, "protocol": protocol.pk}
    wanted = {"run": ["runs"], "comparison": ["runs", "protocol"]}
    chosen = {name: ids[name] for name in wanted.get(kind, ["dataset", "protocol"])}
    _link, address = create_link(kind=kind, ids=chosen, by=bob)

    page = client.get("/s/" + address.rpartition("/")[2])

    assert page.status_code == 200
    assert BUTTON not in page.content.decode()
    assert client.post("/evaluate", {"run": [run.pk]}).status_code == 302  # to the login
    assert not Job.objects.filter(kind="evaluate").exists()


def test_a_stranger_finds_no_runs_to_evaluate(run: Run, as_charlie: Client) -> None:
    assert as_charlie.post("/evaluate", {"run": [run.pk]}).status_code == 404
    assert as_charlie.post("/evaluate").status_code == 404


def test_where_nothing_is_missing_nothing_is_begun(run: Run, as_bob: Client) -> None:
    answer = as_bob.post("/evaluate", {"run": [run.pk], "next": "//elsewhere.org"}, follow=True)

    assert answer.redirect_chain == [("/", 302)]
    assert "All of these numbers are there or are being made." in answer.content.decode()
    assert not Job.objects.filter(kind="evaluate").exists()


def test_a_comparison_by_other_ground_truth_offers_none(
    run: Run, protocol: Protocol, as_bob: Client
) -> None:
    """The job would evaluate the run against its own."""
    other = labelled_run({"x": [0, 1]}, team=run.team, current_job__ended=True)
    save_by_name(other, {"x": float32(0, 1)})
    evaluate_run(other)
    Evaluation.objects.filter(protocol=protocol, score_set__run=other).delete()

    truth = other.annotation_set_id
    page = sentences_of(as_bob, f"/compare?run={run.pk}&run={other.pk}&protocol=ours&truth={truth}")

    assert "1 scored run has not been evaluated yet" in page
    assert f'name="run" value="{other.pk}"> <button' in page.replace("><button", "> <button")


def test_before_the_grid_is_made_the_page_says_so(run: Run, as_bob: Client) -> None:
    run.score_set.overviews.all().delete()
    address = f"/runs/{run.pk}/sensitivity"

    page = sentences_of(as_bob, address)

    assert "1 scored run has not been evaluated yet under: the grid of conventions." in page
    assert "Frame level, raw scores" in page
    answer = as_bob.get(f"/api/v1{address}").json()
    assert (answer["missing"], answer["has_grid"]) == ([], False)
    assert {each["origin"] for each in answer["results"]} == {"preset"}
    as_bob.post("/evaluate", {"run": [run.pk]})
    end_evaluations()
    assert as_bob.get(f"/api/v1{address}").json()["has_grid"]


def test_a_run_without_any_number_has_an_empty_page(team: Team, as_bob: Client) -> None:
    run = labelled_run(LABELS, team=team, current_job__ended=True)
    save_by_name(run, {"gate": float32(0, 0, 1, 1), "yard": float32(0, 0, 1, 1)})

    page = sentences_of(as_bob, f"/runs/{run.pk}/sensitivity")

    assert "Frame level, raw scores, Frame level, normalised per video" in page
    assert "No AUC is defined" not in page
    assert "<table" not in page
    answer = as_bob.get(f"/api/v1/runs/{run.pk}/sensitivity").json()
    assert (answer["headline"], answer["results"]) == (None, [])
    assert answer["missing"] == [each.slug for each in ensure_protocols()]


def test_more_runs_than_one_click_takes(
    run: Run, protocol: Protocol, bob: User, as_bob: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study, "MAX_AT_ONCE", 1)
    newer = labelled_run({"x": [0, 1]}, team=run.team, current_job__ended=True)
    save_by_name(newer, {"x": float32(0, 1)})

    found = unevaluated(Run.objects.filter(team=run.team), [protocol], user=bob)

    assert found is not None
    assert (found.n, found.to_submit, found.has_more) == (2, [newer.pk], True)
    page = sentences_of(as_bob, "/protocols")
    assert "2 scored runs have not been evaluated yet" in page
    assert "Evaluate the newest 1" in page

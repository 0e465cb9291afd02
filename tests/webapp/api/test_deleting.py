"""Deleting over REST, and the activity that tells of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from tests.conftest import logged_in
from tests.factories.datasets import FeatureSetFactory
from tests.factories.runs import sweep_of
from tests.webapp.deleting.conftest import dataset, maria, rival, run  # noqa: F401 (fixtures)
from webapp.accounts import services as accounts
from webapp.accounts.models import Team, User
from webapp.audit.models import AuditEvent
from webapp.datasets.models import Dataset
from webapp.results.models import ScoreSet
from webapp.runs.models import Run, Sweep
from webapp.sharing.services import create_link

API = "/api/v1"


@pytest.fixture
def as_maria(maria: User) -> Client:  # noqa: F811
    return logged_in(maria)


def test_a_run(run: Run, as_maria: Client) -> None:  # noqa: F811
    path = f"{API}/runs/{run.pk}"
    hangs = as_maria.get(f"{path}/dependents").json()

    assert hangs["counts"]["scores"] == 2
    assert (hangs["n_files"], hangs["holds"]) == (4, [])
    assert as_maria.delete(path).status_code == 204
    assert as_maria.delete(path).status_code == 404


def test_scores_alone(run: Run, as_maria: Client) -> None:  # noqa: F811
    path = f"{API}/runs/{run.pk}"
    hangs = as_maria.get(f"{path}/dependents", {"of": "scores"}).json()

    assert "runs" not in hangs["counts"]
    assert hangs["n_files"] == 2
    assert as_maria.delete(f"{path}/scores").status_code == 204
    assert not ScoreSet.objects.exists()
    assert as_maria.get(path).json()["scored_at"] is None
    again = as_maria.delete(f"{path}/scores")
    assert (again.status_code, again.json()["code"]) == (409, "not_scored")


def test_a_sweep(run: Run, as_maria: Client) -> None:  # noqa: F811
    path = f"{API}/sweeps/{sweep_of(run).pk}"

    assert as_maria.get(f"{path}/dependents").json()["counts"]["runs"] == 1
    assert as_maria.delete(path).status_code == 204
    assert not Sweep.objects.exists()
    assert not Run.objects.exists()


def test_a_dataset(dataset: Dataset, as_maria: Client) -> None:  # noqa: F811
    path = f"{API}/datasets/{dataset.pk}"

    assert as_maria.get(f"{path}/dependents").json()["counts"]["videos"] == 2
    assert as_maria.delete(path).status_code == 204
    assert as_maria.get(path).status_code == 404


def test_a_feature_set_is_looked_at(dataset: Dataset, as_maria: Client) -> None:  # noqa: F811
    feature_set = FeatureSetFactory.create(dataset=dataset)

    hangs = as_maria.get(f"{API}/feature-sets/{feature_set.pk}/dependents").json()

    assert hangs["holds"] == []
    assert hangs["consequences"] == ["The files in /data/features stay as they are."]


def test_what_holds_it_is_a_problem_with_a_sentence_each(
    run: Run,  # noqa: F811
    rival: Run,  # noqa: F811
    as_maria: Client,
    maria: User,  # noqa: F811
) -> None:
    link, _address = create_link(kind="comparison", ids={"runs": [run.pk, rival.pk]}, by=maria)

    held = as_maria.get(f"{API}/runs/{run.pk}/dependents").json()["holds"]
    answer = as_maria.delete(f"{API}/runs/{run.pk}")

    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "held")
    [fault] = problem["errors"]
    assert (fault["code"], fault["ids"]) == ("share_link", [link.pk])
    assert fault["detail"] in problem["detail"]
    assert [fault["detail"]] == [hold["sentence"] for hold in held]
    assert Run.objects.filter(pk=run.pk).exists()


@pytest.mark.parametrize(("scope", "status"), [("submit", 403), ("manage", 204)])
def test_a_token_needs_scope_manage(
    run: Run,  # noqa: F811
    team: Team,
    maria: User,  # noqa: F811
    scope: str,
    status: int,
) -> None:
    _token, secret = accounts.create_token(team=team, name="x", scope=scope, by=maria)
    client = Client(headers={"authorization": f"Bearer {secret}"})

    assert client.delete(f"{API}/runs/{run.pk}").status_code == status


def test_activity_tells_who_did_it_with_what(
    run: Run,  # noqa: F811
    team: Team,
    maria: User,  # noqa: F811
    as_vera: Client,
) -> None:
    _token, secret = accounts.create_token(team=team, name="laptop", scope="manage", by=maria)
    Client(headers={"authorization": f"Bearer {secret}"}).delete(f"{API}/runs/{run.pk}")

    [event] = listed(as_vera, kind="run")

    assert event["by"] == {"id": maria.pk, "name": "Maria", "token_name": "laptop"}
    assert (event["act"], event["subject_id"]) == ("run.deleted", run.pk)
    assert event["subject_name"] == "Ramp"
    assert event["details"]["scores"] == 2
    assert listed(as_vera, subject=run.pk) == [event]
    assert {each["act"] for each in listed(as_vera, person=maria.pk)} == {
        "run.deleted", "token.created",
    }  # fmt: skip
    assert listed(as_vera, person="user_x") == []


def listed(client: Client, **query: Any) -> list[dict[str, Any]]:
    return client.get(f"{API}/activity", query).json()["results"]


def test_activity_is_of_ones_own_teams_and_in_pages(
    team: Team, bob: User, as_bob: Client, as_charlie: Client
) -> None:
    for number in range(3):
        AuditEvent.objects.create(
            id=f"act_{number}", team=team, user=bob, act="run.submitted", subject_id="run_1",
            subject_name=f"{number}",
        )  # fmt: skip

    first = as_bob.get(f"{API}/activity", {"limit": 2}).json()
    second = as_bob.get(first["next"]).json()

    names = [each["subject_name"] for each in first["results"] + second["results"]]
    assert (names, second["next"]) == (["2", "1", "0"], None)
    assert listed(as_charlie) == []


def test_activity_of_an_unknown_kind_is_refused(as_bob: Client) -> None:
    answer = as_bob.get(f"{API}/activity", {"kind": "weather"})

    assert answer.status_code == 422
    assert "weather" in json.dumps(answer.json())

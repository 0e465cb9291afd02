"""Submitting, reading and cancelling sweeps over REST."""

from typing import Any

import pytest
from django.test import Client

from tests.factories.runs import MethodFactory
from webapp.accounts.models import User
from webapp.datasets.models import Split
from webapp.jobs.models import Job
from webapp.runs.models import Method, Run, Sweep
from webapp.runs.sweeps import submit_sweep

SWEEPS = "/api/v1/sweeps"
JSON = "application/json"
READY = {
    "name": "norm",
    "title": "With and without norm",
    "reproduces": "Table 2",
    "grid": {"norm": ["batch", "none"]},
    "variants": [],
}


@pytest.fixture
def method(db: None) -> Method:
    return MethodFactory.create(sweeps=[READY])


def submit(client: Client, split: Split, key: str = "", **fields: Any) -> Any:
    body = {"dataset": split.dataset_id, "method": "conv_ae", "grid": {"epochs": [3, 5]}, **fields}
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(SWEEPS, body, JSON, headers=headers)


@pytest.fixture
def sweep(split: Split, method: Method, bob: User) -> Sweep:
    return submit_sweep(
        team=split.dataset.team, dataset=split.dataset, split=split, method=method,
        config={}, grid={"epochs": [3, 5]}, by=bob,
    )  # fmt: skip


def test_submit_answers_with_the_sweep(submitter: Client, split: Split, method: Method) -> None:
    variants = [{"title": "no norm", "config": {"norm": "none"}}, {"title": "plain"}]

    response = submit(submitter, split, variants=variants, seeds=[0, 4], title="Mine")

    assert response.status_code == 202
    sweep = Sweep.objects.get()
    assert response.headers["Location"] == f"{SWEEPS}/{sweep.pk}"
    answer = response.json()
    assert (answer["id"], answer["title"], answer["n_runs"]) == (sweep.pk, "Mine", 8)
    plain = {"title": "plain", "config": {}, "starts_from": ""}
    assert answer["variants"] == [variants[0] | {"starts_from": ""}, plain]
    assert (answer["grid"], answer["seeds"], answer["folds"]) == ({"epochs": [3, 5]}, [0, 4], [])
    assert (answer["n_scored"], answer["n_going_on"], answer["n_failed"]) == (0, 8, 0)
    runs = submitter.get(answer["runs_url"]).json()["results"]
    assert {run["sweep_id"] for run in runs} == {sweep.pk}
    assert len(runs) == 8


def test_submit_a_ready_made_sweep_by_its_name(
    submitter: Client, split: Split, method: Method
) -> None:
    answer = submit(submitter, split, grid={}, ready="norm", seeds=[1]).json()

    assert (answer["title"], answer["grid"]) == (READY["title"], READY["grid"])
    assert answer["n_runs"] == 2


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"grid": {"depth": [1, 2]}}, "/grid/depth"),
        ({"grid": {"epochs": [3, 0]}}, "/grid/epochs"),
        ({"grid": {"epochs": 3}}, "/grid/epochs"),
        ({"grid": [3]}, "/grid"),
        ({"config": {"epochs": 3}}, "/grid/epochs"),
        ({"config": {"norm": 3}}, "/config/norm"),
        ({"variants": [{"config": {"norm": "layer"}}]}, "/variants/0/config/norm"),
        ({"variants": [{"values": {}}]}, "/variants/0/values"),
        ({"variants": "all"}, "/variants"),
        ({"seeds": []}, "/seeds"),
        ({"seeds": [-1]}, "/seeds/0"),
        ({"seeds": [1, 1]}, "/seeds"),
        ({"seeds": list(range(200))}, "/grid"),
        ({"folds": [1]}, "/folds"),
        ({"ready": "gone"}, "/ready"),
        ({"method": "gone"}, "/method"),
        ({"selection": "test"}, "/selection"),
        ({"queue": "gpu"}, "/queue"),
        ({"title": "x" * 121}, "/title"),
        ({"runs": 3}, "/runs"),
    ],
)
def test_submit_fault_is_pointed_at(
    submitter: Client, split: Split, method: Method, fields: dict[str, Any], pointer: str
) -> None:
    response = submit(submitter, split, **fields)

    assert response.status_code == 422
    problem = response.json()
    assert pointer in {fault["pointer"] for fault in problem["errors"]}
    assert problem["detail"]
    assert not Run.objects.exists()


def test_submit_every_fault_is_listed(submitter: Client, split: Split, method: Method) -> None:
    response = submit(submitter, split, grid={"epochs": [0], "norm": []})

    assert {fault["pointer"]: fault["detail"] for fault in response.json()["errors"]} == {
        "/grid/epochs": "epochs: 0 is less than the smallest allowed value 1",
        "/grid/norm": "norm: at least one value is needed",
    }


def test_submit_again_under_one_key_is_one_sweep(
    submitter: Client, split: Split, method: Method
) -> None:
    first = submit(submitter, split, key="k1")
    again = submit(submitter, split, key="k1")

    assert again.json() == first.json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["Location"] == first.headers["Location"]
    assert (Sweep.objects.count(), Run.objects.count(), Job.objects.count()) == (1, 2, 2)


def test_a_refused_sweep_leaves_its_key_free(
    submitter: Client, split: Split, method: Method
) -> None:
    assert submit(submitter, split, key="k1", seeds=[]).status_code == 422
    assert submit(submitter, split, key="k1", seeds=[1]).status_code == 202


def test_read_before_anything_is_scored(reader: Client, sweep: Sweep) -> None:
    answer = reader.get(f"{SWEEPS}/{sweep.pk}").json()

    assert (answer["metric"], answer["over"]) == ("auroc", "")
    assert [row["config"] for row in answer["rows"]] == [{"epochs": 3}, {"epochs": 5}]
    assert [row["is_complete"] for row in answer["rows"]] == [False, False]
    assert answer["rows"][0]["numbers"] == []
    assert answer["cancel_url"] == f"{SWEEPS}/{sweep.pk}/cancel"


def test_read_under_an_unknown_protocol(reader: Client, sweep: Sweep) -> None:
    assert reader.get(f"{SWEEPS}/{sweep.pk}", {"protocol": "gone"}).status_code == 404
    assert reader.get(f"{SWEEPS}/{sweep.pk}", {"metric": "auroc"}).status_code == 422


def test_list_is_of_ones_own_team_and_filtered(
    reader: Client, stranger: Client, sweep: Sweep
) -> None:
    assert [each["id"] for each in reader.get(SWEEPS).json()["results"]] == [sweep.pk]
    assert stranger.get(SWEEPS).json()["results"] == []
    assert reader.get(SWEEPS, {"method": "conv_ae"}).json()["results"]
    assert not reader.get(SWEEPS, {"dataset": "ds_none"}).json()["results"]
    assert reader.get(SWEEPS, {"state": "x"}).status_code == 422


def test_cancel(submitter: Client, sweep: Sweep) -> None:
    response = submitter.post(f"{SWEEPS}/{sweep.pk}/cancel")

    assert response.status_code == 202
    assert response.json()["n_going_on"] == 0
    assert response.json()["cancel_url"] is None
    again = submitter.post(f"{SWEEPS}/{sweep.pk}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "sweep_ended")


def test_methods_tell_their_ready_made_sweeps(reader: Client, method: Method) -> None:
    assert reader.get("/api/v1/methods/conv_ae").json()["sweeps"] == [READY]

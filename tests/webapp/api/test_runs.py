"""Submitting, listing and cancelling runs over REST."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.runs import RunFactory
from webapp.accounts.models import Membership, Role, Team, User
from webapp.datasets.models import Split
from webapp.jobs.models import Job
from webapp.runs.models import Method, Run

RUNS = "/api/v1/runs"
JSON = "application/json"


def submit(client: Client, trainable: Split, /, **fields: object):
    body = {"dataset": trainable.dataset_id, "method": "conv_ae", **fields}
    return client.post(RUNS, body, JSON)


def test_submit_answers_with_the_job(submitter: Client, split: Split, method: Method) -> None:
    response = submit(submitter, split, config={"epochs": 3}, seed=7, name="first")

    assert response.status_code == 202
    run = Run.objects.get()
    assert response.headers["Location"] == f"/api/v1/jobs/{run.current_job_id}"
    assert int(response.headers["Retry-After"]) > 0
    job = response.json()
    assert job["result_url"] == f"/api/v1/runs/{run.pk}"
    assert job["queue_position"] == 1
    assert "No worker" in job["status_reason"]
    assert (run.seed, run.config["epochs"], run.config["is_grey"]) == (7, 3, True)
    assert run.split == split


def test_submit_by_session(as_bob: Client, split: Split, method: Method, bob: User) -> None:
    assert submit(as_bob, split).status_code == 202
    assert Run.objects.get().created_by == bob


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"config": {"epochs": "many"}}, "/config/epochs"),
        ({"config": {"depth": 3}}, "/config/depth"),
        ({"config": 3}, "/config"),
        ({"seed": -1}, "/seed"),
        ({"seed": "x"}, "/seed"),
        ({"method": "gone"}, "/method"),
        ({"dataset": "ds_none"}, "/dataset"),
        ({"dataset": None}, "/dataset"),
        ({"split": "split_none"}, "/split"),
        ({"selection": "best on test"}, "/selection"),
        ({"selection": "validation"}, "/selection"),
        ({"queue": "tpu"}, "/queue"),
        ({"queue": "gpu"}, "/queue"),
        ({"name": "x" * 161}, "/name"),
        ({"team": "team_x"}, "/team"),
        ({"status": "succeeded"}, "/status"),
    ],
)
def test_submit_fault_is_pointed_at(
    submitter: Client, split: Split, method: Method, fields: dict, pointer: str
) -> None:
    response = submit(submitter, split, **fields)

    assert response.status_code == 422
    problem = response.json()
    assert pointer in {fault["pointer"] for fault in problem["errors"]}
    assert problem["detail"]
    assert not Run.objects.exists()


def test_submit_every_fault_of_the_config_is_listed(
    submitter: Client, split: Split, method: Method
) -> None:
    response = submit(submitter, split, config={"epochs": 0, "norm": "layer"})

    faults = response.json()["errors"]
    assert [fault["pointer"] for fault in faults] == ["/config/epochs", "/config/norm"]


def test_submit_with_a_read_token(with_token, bob: User, split: Split, method: Method) -> None:
    assert submit(with_token(bob, "read"), split).status_code == 403


def test_submit_as_viewer_with_a_submit_token(
    with_token, vera: User, split: Split, method: Method
) -> None:
    assert submit(with_token(vera, "submit"), split).status_code == 403


def test_submit_after_a_demotion(
    submitter: Client, bob: User, split: Split, method: Method
) -> None:
    Membership.objects.filter(user=bob).update(role=Role.VIEWER)

    assert submit(submitter, split).status_code == 403


def test_submit_on_a_foreign_dataset_reads_as_on_none(
    stranger: Client, split: Split, method: Method
) -> None:
    foreign = submit(stranger, split).json()
    nothing = stranger.post(RUNS, {"dataset": "ds_none", "method": "conv_ae"}, JSON).json()

    assert foreign["status"] == nothing["status"] == 422
    assert foreign["errors"][0]["code"] == nothing["errors"][0]["code"]


def test_get_run(reader: Client, scored_run: Run) -> None:
    shown = reader.get(f"{RUNS}/{scored_run.pk}").json()

    assert shown["id"] == scored_run.pk
    assert shown["method"] == "conv_ae"
    assert shown["status"] == "created"
    assert shown["job_url"] == f"/api/v1/jobs/{scored_run.current_job_id}"


def test_list_newest_first_without_foreign_ones(reader: Client, team: Team) -> None:
    runs = RunFactory.create_batch(3, team=team)
    RunFactory.create()

    listed = reader.get(RUNS).json()

    assert [run["id"] for run in listed["results"]] == [run.pk for run in reversed(runs)]
    assert listed["next"] is None


def test_list_pages_neither_repeat_nor_skip(reader: Client, team: Team) -> None:
    runs = RunFactory.create_batch(5, team=team)
    seen, address = [], f"{RUNS}?limit=2&order=created_at"

    while address:
        page = reader.get(address)
        seen += [run["id"] for run in page.json()["results"]]
        address = page.json()["next"]
        assert ("Link" in page.headers) == bool(address)

    assert seen == [run.pk for run in runs]


def test_list_page_is_stable_while_runs_arrive(reader: Client, team: Team) -> None:
    runs = RunFactory.create_batch(4, team=team)
    first = reader.get(f"{RUNS}?limit=2").json()
    RunFactory.create(team=team)

    second = reader.get(first["next"]).json()

    assert [run["id"] for run in second["results"]] == [runs[1].pk, runs[0].pk]


def test_list_filters(reader: Client, team: Team) -> None:
    RunFactory.create(team=team)
    failed = RunFactory.create(
        team=team, current_job__status=Job.Status.FAILED, current_job__finished_at=timezone.now()
    )

    for query in ["status=failed", f"dataset={failed.dataset_id}"]:
        [run] = reader.get(f"{RUNS}?{query}").json()["results"]
        assert run["id"] == failed.pk
    assert len(reader.get(f"{RUNS}?method=conv_ae").json()["results"]) == 2
    assert reader.get(f"{RUNS}?method=other").json()["results"] == []


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=501", "limit=x", "limit=1e3", "cursor=x", "order=name",
     "order=team__memberships__user__password", "team=x", "status=gone", "created_by__email=a",
     "created_by__password__startswith=a", "_connector=OR", "id__in=a", "config__epochs=1",
     "dataset__name=x", "filter={}", "fields=secret", "dataset=" + "x" * 37],
)  # fmt: skip
def test_list_takes_no_other_parameter(reader: Client, scored_run: Run, query: str) -> None:
    response = reader.get(f"{RUNS}?{query}")

    assert response.status_code == 422
    assert response.json()["errors"]


def test_list_cursor_of_another_order(reader: Client, team: Team) -> None:
    RunFactory.create_batch(2, team=team)
    cursor = reader.get(f"{RUNS}?limit=1").json()["next"]

    response = reader.get(f"{cursor}&order=created_at")

    assert response.status_code == 422
    assert "another order" in response.json()["detail"]


def test_list_needs_the_same_queries_for_many(
    reader: Client, team: Team, django_assert_num_queries
) -> None:
    RunFactory.create(team=team)
    reader.get(RUNS)
    RunFactory.create_batch(5, team=team)

    with django_assert_num_queries(2):  # the token, the runs
        assert len(reader.get(RUNS).json()["results"]) == 6


def test_cancel_waiting_run(submitter: Client, scored_run: Run) -> None:
    response = submitter.post(f"{RUNS}/{scored_run.pk}/cancel")

    assert response.status_code == 202
    assert response.json()["status"] == "cancelled"
    assert response.json()["cancel_url"] is None


def test_cancel_ended_run(submitter: Client, scored_run: Run) -> None:
    submitter.post(f"{RUNS}/{scored_run.pk}/cancel")

    response = submitter.post(f"{RUNS}/{scored_run.pk}/cancel")

    assert response.status_code == 409
    assert response.json()["detail"]


def test_cancel_running_run_twice(submitter: Client, team: Team) -> None:
    run = RunFactory.create(team=team, current_job__held=True)

    first = submitter.post(f"{RUNS}/{run.pk}/cancel")
    second = submitter.post(f"{RUNS}/{run.pk}/cancel")

    assert first.status_code == second.status_code == 202
    assert first.json()["status"] == second.json()["status"] == "cancelling"


def test_cancel_as_viewer(with_token, vera: User, scored_run: Run) -> None:
    client = with_token(vera, "manage")

    assert client.post(f"{RUNS}/{scored_run.pk}/cancel").status_code == 403


def test_resume_of_a_failed_run(submitter: Client, team: Team, bob: User) -> None:
    run = RunFactory.create(
        team=team, current_job__status=Job.Status.FAILED, current_job__finished_at=timezone.now()
    )

    response = submitter.post(f"{RUNS}/{run.pk}/resume")

    assert response.status_code == 202
    job = Job.objects.get(retry_of=run.current_job)
    assert response.headers["Location"] == f"/api/v1/jobs/{job.pk}"
    assert response.json()["result_url"] == f"{RUNS}/{run.pk}"
    assert (Run.objects.get().current_job, job.created_by) == (job, bob)


def test_resume_of_a_run_that_has_not_ended(submitter: Client, scored_run: Run) -> None:
    response = submitter.post(f"{RUNS}/{scored_run.pk}/resume")

    assert response.status_code == 409
    assert "nothing to resume" in response.json()["detail"]


def test_resume_as_viewer(with_token, vera: User, scored_run: Run) -> None:
    client = with_token(vera, "manage")

    assert client.post(f"{RUNS}/{scored_run.pk}/resume").status_code == 403


def test_methods_have_their_schema(reader: Client, method: Method) -> None:
    [listed] = reader.get("/api/v1/methods").json()["results"]

    assert listed == reader.get("/api/v1/methods/conv_ae").json()
    assert listed["schema"]["properties"]["epochs"]["default"] == 20

"""Watching a job and reading its log over REST."""

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories.jobs import JobFactory, WorkerNodeFactory
from webapp.accounts.models import Team, User
from webapp.jobs.models import Job, LogChunk


@pytest.fixture
def running(team: Team) -> Job:
    return JobFactory.create(
        team=team, held=True, progress={"stage": "train", "done": 3, "total": 20}
    )


def write_log(job: Job, data: bytes) -> None:
    LogChunk.objects.create(job=job, offset=job.log_size, data=data)
    job.log_size += len(data)
    job.save()


def end(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(
        status=Job.Status.FAILED,
        failure=Job.Failure.BAD_INPUT,
        reason="No frame could be decoded.",
        finished_at=timezone.now(),
    )


def test_job_running(reader: Client, running: Job) -> None:
    job = reader.get(f"/api/v1/jobs/{running.pk}").json()

    assert job["status"] == "running"
    assert job["progress"] == {"stage": "train", "done": 3, "total": 20}
    assert job["queue_position"] is None
    assert job["cancel_url"] == f"/api/v1/jobs/{running.pk}/cancel"


def test_job_waiting_says_where_and_why(reader: Client, team: Team) -> None:
    WorkerNodeFactory.create()
    JobFactory.create(team=team, held=True)
    JobFactory.create(team=team)
    waiting = JobFactory.create(team=team)

    job = reader.get(f"/api/v1/jobs/{waiting.pk}").json()

    assert job["queue_position"] == 2
    assert job["status_reason"]


def test_job_failed_says_why(reader: Client, running: Job) -> None:
    end(running)

    job = reader.get(f"/api/v1/jobs/{running.pk}").json()

    assert job["status"] == "failed"
    assert job["failure"] == "bad_input"
    assert job["status_reason"] == "No frame could be decoded."
    assert "traceback" not in job


def test_import_job_leads_to_its_dataset(reader: Client, team: Team) -> None:
    job = JobFactory.create(team=team, kind="import", subject_id="ds_1")

    shown = reader.get(f"/api/v1/jobs/{job.pk}").json()

    assert shown["result_url"] == "/api/v1/datasets/ds_1"


def test_log_by_offset(reader: Client, running: Job) -> None:
    address = f"/api/v1/jobs/{running.pk}/log"
    write_log(running, b"epoch 1\n")
    first = reader.get(address).json()
    assert first == {"text": "epoch 1\n", "next": 8, "is_complete": False}

    write_log(running, b"epoch 2\n")
    end(running)

    rest = reader.get(address, {"after": first["next"]}).json()
    assert rest == {"text": "epoch 2\n", "next": 16, "is_complete": True}


def test_log_cuts_no_character(reader: Client, running: Job) -> None:
    write_log(running, "違和感".encode())
    address = f"/api/v1/jobs/{running.pk}/log"

    first = reader.get(address, {"limit": 4}).json()
    rest = reader.get(address, {"after": first["next"]}).json()

    assert first["text"] == "違"
    assert first["text"] + rest["text"] == "違和感"


@pytest.mark.parametrize("tail", [b"\xe9\x81", b"\xff"])
def test_log_ending_in_half_a_character_is_still_complete(
    reader: Client, running: Job, tail: bytes
) -> None:
    write_log(running, b"killed " + tail)
    end(running)

    log = reader.get(f"/api/v1/jobs/{running.pk}/log").json()

    assert log["is_complete"]
    assert log["text"].startswith("killed ")


@pytest.mark.parametrize("query", ["after=-1", "after=x", "after=1e99", "limit=0", "tail=1"])
def test_log_refuses_odd_parameters(reader: Client, running: Job, query: str) -> None:
    assert reader.get(f"/api/v1/jobs/{running.pk}/log?{query}").status_code == 422


def test_cancel_job(submitter: Client, running: Job) -> None:
    response = submitter.post(f"/api/v1/jobs/{running.pk}/cancel")

    assert response.status_code == 202
    assert response.headers["Location"] == f"/api/v1/jobs/{running.pk}"
    assert Job.objects.get().status == Job.Status.CANCELLING


def test_cancel_job_that_ended(submitter: Client, running: Job) -> None:
    end(running)

    response = submitter.post(f"/api/v1/jobs/{running.pk}/cancel")

    assert response.status_code == 409
    assert Job.objects.get().status == Job.Status.FAILED


def test_cancel_is_no_get(submitter: Client, running: Job, bob: User) -> None:
    assert submitter.get(f"/api/v1/jobs/{running.pk}/cancel").status_code == 405
    assert Job.objects.get().status == Job.Status.RUNNING

"""A real worker process on the real broker."""

import signal
import subprocess
from collections.abc import Callable

import pytest
import redis

from tests.patience import PATIENCE, wait_until
from tests.workers.conftest import BROKER
from webapp import dispatch
from webapp.jobs import services
from webapp.jobs.models import Job, WorkerNode
from workers.housekeeping import Housekeeper

WORKER = ("-m", "celery", "-A", "tests.workers.app", "worker", "-P", "threads", "-c", "1")


@pytest.fixture
def broker(settings, monkeypatch):
    """The broker's database of this test, empty; rings go there."""
    settings.CELERY_BROKER_URL = settings.CELERY_BROKER_URL.rpartition("/")[0] + BROKER
    monkeypatch.setattr(dispatch, "client", dispatch.make_client())
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as client:
        client.flushdb()
        yield client
        client.flushdb()


@pytest.fixture
def start_worker(start, broker) -> Callable[[], subprocess.Popen[bytes]]:
    def start_worker():
        process = start(*WORKER, "-Q", "cpu", "--loglevel", "warning")
        wait_until(lambda: WorkerNode.objects.filter(name__endswith=f":{process.pid}"))
        return process

    return start_worker


def status_of(job):
    job.refresh_from_db()
    return job.status


def submit(*steps, team):
    return services.submit(
        team=team, kind="act", subject_id="run_1", title="Act", queue="cpu",
        spec={"steps": list(steps)}, by=None,
    )  # fmt: skip


def test_worker_runs_a_submitted_job_and_is_seen(start_worker, team):
    process = start_worker()

    job = submit(["write", "done"], team=team)

    wait_until(lambda: status_of(job) == "succeeded")
    assert services.read_log(job, after=0)[0] == b"done\n"
    assert job.worker is not None
    assert (job.worker.queues, job.worker.slots) == (["cpu"], 1)
    assert job.worker.name.endswith(f":{process.pid}")


def test_worker_that_is_stopped_hands_back_and_says_good_bye(start_worker, team):
    process = start_worker()
    job = submit(["save_on_term"], ["sleep", 600], team=team)
    wait_until(lambda: status_of(job) == "running")

    process.send_signal(signal.SIGTERM)

    assert process.wait(PATIENCE) == 0
    assert status_of(job) == "lost"
    assert status_of(job.retries.get()) == "queued"
    assert not WorkerNode.objects.alive().exists()


def test_flushed_broker_loses_no_job(start_worker, broker, team):
    job = submit(["write", "done"], team=team)
    broker.flushdb()
    start_worker()
    Job.objects.update(rung_at="2020-01-01T00:00Z")

    Housekeeper().make_pass()

    def is_done():
        services.ring_again()  # as each further pass would, had the worker been silent for long
        return status_of(job) == "succeeded"

    wait_until(is_done)


def test_doubled_ring_starts_a_job_once(start_worker, team):
    job = submit(["write", "once"], team=team)
    for _ in range(3):
        dispatch.ring("cpu")
    start_worker()
    last = submit(["write", "last"], team=team)

    wait_until(lambda: status_of(last) == "succeeded")

    assert status_of(job) == "succeeded"
    assert services.read_log(job, after=0)[0] == b"once\n"
    assert job.fence == 1


def test_worker_refuses_a_wrong_combination(start):
    process = start(*WORKER, "-Q", "cpu,gpu", output=subprocess.PIPE)

    output, _ = process.communicate(timeout=PATIENCE)

    assert process.returncode != 0
    assert "A worker serves one queue" in output.decode()

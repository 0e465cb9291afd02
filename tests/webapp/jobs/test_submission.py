import pytest
import redis
from django.conf import settings
from django.core.exceptions import PermissionDenied
from kombu.utils.json import loads

from tests.factories.jobs import JobFactory, WorkerNodeFactory
from webapp import dispatch
from webapp.common.errors import ConflictError, UserError
from webapp.jobs import services
from webapp.jobs.models import Job


@pytest.fixture
def broker():
    client = redis.Redis.from_url(settings.CELERY_BROKER_URL)
    client.flushall()
    yield client
    client.flushall()
    client.close()


@pytest.fixture
def no_broker(settings, monkeypatch):
    """As if the broker's machine were off: nothing listens on port 9."""
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:9/0"
    monkeypatch.setattr(dispatch, "client", dispatch.make_client())


def submit(team, user, **fields):
    given = {
        "team": team, "kind": "train", "subject_id": "run_1", "title": "Conv-AE on Ped2",
        "queue": "cpu", "spec": {"epochs": 3}, "by": user,
    }  # fmt: skip
    return services.submit(**given | fields)


def test_submit_rings_after_commit(team, bob, broker, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        job = submit(team, bob)
        assert broker.llen("cpu") == 0
        assert job.status == Job.Status.CREATED

    message = loads(broker.lindex("cpu", 0))
    assert message["headers"]["task"] == "workers.tasks.run_next"
    job.refresh_from_db()
    assert job.status == Job.Status.QUEUED
    assert job.rung_at is not None
    assert job.created_by == bob


def test_submit_without_broker_leaves_the_job_waiting(
    team, bob, no_broker, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        job = submit(team, bob)

    job.refresh_from_db()
    assert (job.status, job.rung_at) == (Job.Status.CREATED, None)


def test_submit_to_gpu_without_any_gpu_worker_is_refused(team, bob):
    with pytest.raises(UserError, match="No worker with a GPU"):
        submit(team, bob, queue="gpu")
    assert not Job.objects.exists()


def test_submit_to_gpu_waits_for_a_worker_that_was_seen_before(team, bob):
    WorkerNodeFactory.create(queues=["gpu"], last_seen_at="2020-01-01T00:00Z")

    assert submit(team, bob, queue="gpu").status == Job.Status.CREATED


def test_submit_cancelled_needs_no_worker_and_rings_for_none(
    team, bob, broker, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        job = services.submit_cancelled(
            team=team, kind="score", subject_id="run_1", title="Conv-AE", queue="gpu", by=bob
        )

    assert (job.status, job.queue, job.created_by) == (Job.Status.CANCELLED, "gpu", bob)
    assert broker.llen("gpu") == 0


def test_submit_cancelled_takes_the_right_to_cancel(team, vera):
    with pytest.raises(PermissionDenied):
        services.submit_cancelled(
            team=team, kind="score", subject_id="run_1", title="Conv-AE", queue="cpu", by=vera
        )
    assert not Job.objects.exists()


def test_request_cancel_of_a_waiting_job_ends_it(team, bob):
    job = JobFactory.create(team=team)

    cancelled = services.request_cancel(job=job, by=bob)

    assert cancelled.status == Job.Status.CANCELLED
    assert cancelled.reason == "Cancelled by Bob before it started."
    assert cancelled.finished_at is not None


def test_request_cancel_of_a_running_job_asks_the_worker(team, bob):
    job = JobFactory.create(team=team, held=True)

    cancelled = services.request_cancel(job=job, by=bob)

    assert cancelled.status == Job.Status.CANCELLING
    assert cancelled.cancel_requested_at is not None
    assert cancelled.finished_at is None


def test_request_cancel_twice_changes_nothing_more(team, alice, bob):
    job = JobFactory.create(team=team, held=True)
    first = services.request_cancel(job=job, by=bob)

    second = services.request_cancel(job=job, by=alice)

    assert (second.status, second.reason) == (first.status, first.reason)


def test_request_cancel_of_an_ended_job_is_a_conflict(team, bob):
    job = JobFactory.create(team=team, ended=True)

    with pytest.raises(ConflictError, match="already ended: succeeded"):
        services.request_cancel(job=job, by=bob)


@pytest.mark.parametrize("person", ["vera", "charlie"])
def test_request_cancel_needs_the_right(person, team, request):
    job = JobFactory.create(team=team, held=True)

    with pytest.raises(PermissionDenied):
        services.request_cancel(job=job, by=request.getfixturevalue(person))

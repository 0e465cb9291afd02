from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories.accounts import TeamFactory
from tests.factories.jobs import JobFactory, WorkerNodeFactory
from webapp.jobs import services
from webapp.jobs.models import Job

pytestmark = pytest.mark.django_db


def ago(**delta):
    return timezone.now() - timedelta(**delta)


def test_queue_position_follows_the_turns_of_the_teams():
    team, other = TeamFactory.create_batch(2)
    ours = JobFactory.create_batch(3, team=team)
    theirs = JobFactory.create_batch(2, team=other)

    positions = [services.queue_position(job) for job in ours + theirs]

    assert positions == [1, 3, 5, 2, 4]


def test_queue_position_of_what_ends_a_run_is_before_what_begins_one():
    team, other = TeamFactory.create_batch(2)
    begins = JobFactory.create_batch(2, team=team, kind="train")
    ends = JobFactory.create_batch(2, team=team, kind="score")
    theirs = JobFactory.create(team=other, kind="train")

    positions = [services.queue_position(job) for job in [*ends, *begins, theirs]]

    assert positions == [1, 3, 4, 5, 2]


def test_queue_position_counts_running_jobs_as_turns_taken(worker):
    busy, idle = TeamFactory.create_batch(2)
    JobFactory.create(team=busy, held=True, worker=worker)
    first = JobFactory.create(team=busy)
    second = JobFactory.create(team=idle)

    assert services.queue_position(second) == 1
    assert services.queue_position(first) == 2


def test_queue_position_counts_no_turns_of_other_queues(worker):
    busy_elsewhere, idle = TeamFactory.create_batch(2)
    JobFactory.create(team=busy_elsewhere, held=True, worker=worker, queue="gpu")
    first = JobFactory.create(team=busy_elsewhere)
    second = JobFactory.create(team=idle)

    assert services.queue_position(first) == 1
    assert services.queue_position(second) == 2


def test_queue_position_of_a_job_that_does_not_wait(worker):
    assert services.queue_position(JobFactory.create(held=True)) is None


def test_waiting_reason_without_worker():
    assert services.waiting_reason(JobFactory.create()) == "No worker is alive for queue cpu."


def test_waiting_reason_names_when_the_last_worker_was_seen():
    WorkerNodeFactory.create(last_seen_at=ago(minutes=7))

    reason = services.waiting_reason(JobFactory.create())

    assert reason.replace("\xa0", " ") == (
        "No worker is alive for queue cpu; the last one was seen 7 minutes ago."
    )


def test_waiting_reason_ignores_a_worker_that_said_good_bye(worker):
    services.retire(worker.name)

    assert "No worker is alive" in services.waiting_reason(JobFactory.create())


def test_waiting_reason_when_all_slots_are_busy(worker):
    JobFactory.create(held=True, worker=worker, started_at=ago(minutes=40))
    JobFactory.create(held=True, worker=worker, kind="score")

    reason = services.waiting_reason(JobFactory.create(kind="score"))

    assert reason.replace("\xa0", " ") == (
        "2 of 2 slots of queue cpu are busy; the oldest job started 40 minutes ago."
    )


def test_waiting_reason_when_the_only_free_slot_is_kept_for_what_is_short(worker):
    JobFactory.create(held=True, worker=worker, started_at=ago(minutes=40))

    reason = services.waiting_reason(JobFactory.create())

    assert reason.replace("\xa0", " ") == (
        "The only slot of queue cpu that takes long jobs is busy; its job started 40 minutes ago."
    )
    short = services.waiting_reason(JobFactory.create(kind="import"))
    assert short.startswith("A worker is free")


@pytest.mark.parametrize(("held", "waiting"), [("score", "train"), ("train", "score")])
def test_waiting_reason_when_a_slot_is_free(worker, held, waiting):
    JobFactory.create(held=True, worker=worker, kind=held)

    reason = services.waiting_reason(JobFactory.create(kind=waiting))

    assert reason.startswith("A worker is free")


def test_waiting_reason_of_a_job_that_does_not_wait():
    assert services.waiting_reason(JobFactory.create(ended=True)) == ""


@pytest.mark.parametrize(
    ("queues", "seconds_silent", "queue"),
    [([], 0, "cpu"), (["cpu"], 0, "cpu"), (["gpu"], 0, "gpu"), (["gpu"], 60, "cpu")],
)
def test_default_queue_is_gpu_while_a_gpu_worker_lives(db, queues, seconds_silent, queue):
    WorkerNodeFactory.create(queues=queues, last_seen_at=ago(seconds=seconds_silent))

    assert services.default_queue() == queue


def test_free_slots_does_not_count_what_a_dead_worker_held(worker):
    dead = WorkerNodeFactory.create(last_seen_at=ago(seconds=60))
    JobFactory.create(held=True, worker=dead)
    JobFactory.create(held=True, worker=worker)

    assert services.free_slots("cpu") == 1


def test_announce_twice_keeps_when_the_worker_began(db):
    services.announce("lab1:7", queues=["cpu"], slots=2, facts={})
    services.retire("lab1:7")
    node = services.announce("lab1:7", queues=["cpu"], slots=2, facts={"device": "cpu"})

    assert node.is_alive
    assert node.facts == {"device": "cpu"}
    assert node.started_at < node.last_seen_at


def test_forget_silent_workers_keeps_their_jobs(worker):
    dead = WorkerNodeFactory.create(last_seen_at=ago(days=2))
    job = JobFactory.create(ended=True, worker=dead, provenance={"worker": dead.name})

    assert services.forget_silent_workers() == 1
    job.refresh_from_db()
    assert (job.worker, job.provenance["worker"]) == (None, dead.name)
    assert Job.objects.count() == 1

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from tests.factories.jobs import JobFactory, WorkerNodeFactory
from webapp.jobs import services
from webapp.jobs.models import Job

pytestmark = pytest.mark.django_db


def ago(**delta):
    return timezone.now() - timedelta(**delta)


def silent_job(**fields):
    return JobFactory.create(**{"held": True, "lease_until": ago(seconds=21)} | fields)


def nothing(old, new):
    pass


def test_reap_gives_up_a_silent_job_and_queues_its_successor(worker, replaced):
    job = silent_job(worker=worker, spec={"epochs": 3})

    assert services.reap(on_replaced=lambda *pair: replaced.append(pair)) == [job]

    job.refresh_from_db()
    successor = job.retries.get()
    assert (job.status, job.failure) == ("lost", "worker_lost")
    assert job.reason == (
        "Nothing was heard from worker lab1:100 for 30 seconds. Try 2 of 3 has been queued."
    )
    assert (successor.tries, successor.spec, successor.status) == (2, {"epochs": 3}, "created")
    assert replaced == [(job, successor)]


def test_reap_leaves_a_renewed_job_alone():
    job = silent_job()
    services.renew_lease(job)

    assert services.reap(on_replaced=nothing) == []
    assert Job.objects.get().status == Job.Status.RUNNING


def test_reap_does_not_try_a_fourth_time(worker):
    job = silent_job(worker=worker, tries=3)

    services.reap(on_replaced=nothing)

    job.refresh_from_db()
    assert job.reason.endswith("This was try 3 of 3: it is not tried again.")
    assert not job.retries.exists()


def test_reap_ends_a_job_that_was_being_cancelled(worker):
    job = silent_job(worker=worker, status=Job.Status.CANCELLING, reason="Bob asked to cancel it.")

    services.reap(on_replaced=nothing)

    job.refresh_from_db()
    assert job.status == Job.Status.CANCELLED
    assert job.reason.startswith("Bob asked to cancel it. Nothing was heard from worker lab1:100")
    assert not job.retries.exists()


def test_reap_gives_up_without_successor_what_cannot_be_replaced():
    poisoned, other = silent_job(kind="dance"), silent_job()

    def replace(old, new):
        if old.kind == "dance":
            raise LookupError("no kind of job is called 'dance'")

    assert services.reap(on_replaced=replace) == [poisoned, other]
    poisoned.refresh_from_db()
    assert poisoned.status == Job.Status.LOST
    assert poisoned.reason.endswith("It could not be queued again: submit it anew.")
    assert [job.retry_of for job in Job.objects.waiting()] == [other]


@pytest.mark.django_db(transaction=True)
def test_reap_twice_at_once_makes_one_successor():
    for _ in range(4):
        silent_job()
    start = threading.Barrier(2)

    def reap():
        start.wait()
        services.reap(on_replaced=nothing)
        connection.close()

    reapers = [threading.Thread(target=reap) for _ in range(2)]
    for thread in reapers:
        thread.start()
    for thread in reapers:
        thread.join()

    assert Job.objects.filter(status="lost").count() == 4
    assert Job.objects.waiting().count() == 4


@pytest.mark.django_db(transaction=True)
def test_reap_passes_over_a_job_that_is_being_written():
    """Its worker lives: waiting for it would hold up all other jobs, and then lose this one."""
    being_written, silent = silent_job(), silent_job()
    is_held, may_end = threading.Event(), threading.Event()

    def write():
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=being_written.pk)
            is_held.set()
            may_end.wait(20)
        connection.close()

    def reap():
        try:
            return services.reap(on_replaced=nothing)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        writer = pool.submit(write)
        try:
            assert is_held.wait(10)
            assert pool.submit(reap).result(timeout=10) == [silent]
        finally:
            may_end.set()
        writer.result()

    being_written.refresh_from_db()
    assert being_written.status == Job.Status.RUNNING


def test_ring_again_for_what_nobody_heard(worker):
    never_rung = JobFactory.create()
    unheard = JobFactory.create(status=Job.Status.QUEUED, rung_at=ago(seconds=16))
    Job.objects.filter(pk=never_rung.pk).update(created_at=ago(seconds=6))

    assert services.ring_again() == 2
    for job in Job.objects.filter(pk__in=[never_rung.pk, unheard.pk]):
        assert job.status == Job.Status.QUEUED
        assert job.rung_at > ago(seconds=5)


def test_ring_again_waits_for_fresh_rings(worker):
    JobFactory.create()
    JobFactory.create(status=Job.Status.QUEUED, rung_at=ago(seconds=10))

    assert services.ring_again() == 0


def test_ring_again_only_as_often_as_somebody_is_free(worker):
    JobFactory.create_batch(5, status=Job.Status.QUEUED, rung_at=ago(minutes=1))
    JobFactory.create(held=True, worker=worker)

    assert services.ring_again() == 1


def test_ring_again_without_workers_is_for_nobody(db):
    WorkerNodeFactory.create(last_seen_at=ago(minutes=1))
    JobFactory.create(status=Job.Status.QUEUED, rung_at=ago(minutes=1))

    assert services.ring_again() == 0


def lost_together(worker, **poison):
    """Two jobs of one worker that went silent, as they stand after it."""
    pair = [silent_job(worker=worker, **poison), silent_job(worker=worker)]
    services.reap(on_replaced=nothing)
    return [job.retries.get() for job in pair]


def test_jobs_that_ran_beside_each_other_are_tried_again_alone_and_nothing_counts(worker):
    first, second = lost_together(worker)

    assert [(job.tries, job.runs_alone) for job in (first, second)] == [(1, True), (1, True)]
    assert Job.objects.get(pk=first.retry_of_id).reason.endswith(
        "Other jobs ran beside it, and any of them may have been the reason: it is tried again "
        "alone, and this try does not count."
    )


def test_a_job_that_is_lost_alone_counts_and_stays_alone(worker):
    _, innocent = lost_together(worker)
    poisoned = silent_job(worker=WorkerNodeFactory.create(), runs_alone=True, tries=2)

    services.reap(on_replaced=nothing)

    again = poisoned.retries.get()
    assert (again.tries, again.runs_alone) == (3, True)
    innocent.refresh_from_db()
    assert innocent.tries == 1


def test_a_worker_takes_one_that_runs_alone_only_when_it_has_nothing_else(worker):
    beside = JobFactory.create(held=True, worker=worker, kind="score")
    alone = JobFactory.create(runs_alone=True)
    JobFactory.create()

    assert services.claim_next("cpu", worker=worker) is None
    Job.objects.filter(pk=beside.pk).delete()
    assert services.claim_next("cpu", worker=worker) == alone
    assert services.claim_next("cpu", worker=worker) is None
    assert services.waiting_reason(JobFactory.create(runs_alone=True, kind="score")) == (
        "It waits for a worker that has nothing else to do, since one died that ran it."
    )


def test_beside_a_training_others_go_before_one_that_runs_alone(worker):
    JobFactory.create(held=True, worker=worker, kind="train")
    JobFactory.create(runs_alone=True, kind="score")
    short = JobFactory.create(kind="score")

    assert services.claim_next("cpu", worker=worker) == short


@pytest.mark.parametrize("hours", [-5, 5])
def test_clocks_of_machines_give_nothing_up(worker, monkeypatch, hours):
    job = services.claim(JobFactory.create().pk, worker=worker)
    off = timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: off)

    services.announce(worker.name, queues=["cpu"], slots=2, facts={})
    assert services.renew_lease(job)

    assert services.reap(on_replaced=nothing) == []
    assert [each.name for each in type(worker).objects.alive()] == [worker.name]

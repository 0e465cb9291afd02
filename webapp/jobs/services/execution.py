"""What the worker that holds a job writes about it: nothing, once it has lost the job."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from webapp.jobs import kinds
from webapp.jobs.models import Job, WorkerNode
from webapp.jobs.services.submission import OnReplaced, succeed
from webapp.jobs.services.transitions import end

CANDIDATES = 20  # as many rivals may win the race for a job before a worker gives up
ENDS_FROM = {
    Job.Status.SUCCEEDED: (Job.Status.RUNNING,),
    Job.Status.FAILED: (Job.Status.STARTING, Job.Status.RUNNING),
    Job.Status.TIMED_OUT: (Job.Status.STARTING, Job.Status.RUNNING),
    Job.Status.LOST: (Job.Status.STARTING, Job.Status.RUNNING),
    Job.Status.CANCELLED: (Job.Status.CANCELLING,),
}


class JobSuperseded(Exception):
    """The job has ended or is somebody else's by now: stop, and write nothing."""


def claim(job_id: str, *, worker: WorkerNode) -> Job | None:
    """Take a waiting job, or return None when another worker was faster."""
    taken = (
        Job.objects.waiting()
        .filter(pk=job_id)
        .update(
            status=Job.Status.STARTING, fence=F("fence") + 1, worker=worker,
            lease_until=Now() + _lease(), started_at=Now(), provenance={"worker": worker.name},
        )
    )  # fmt: skip
    return Job.objects.select_related("team").get(pk=job_id) if taken else None


def claim_next(queue: str, *, worker: WorkerNode) -> Job | None:
    """Take the waiting job whose turn it is; None when there is none that `worker` may take."""
    held = Job.objects.active().filter(worker=worker)
    if held.filter(runs_alone=True).exists():
        return None
    for job_id, runs_alone in _may_begin(queue, worker):
        if runs_alone and held.exists():
            return None  # what is short ends soon, and then it is alone
        if job := claim(job_id, worker=worker):
            return job
    return None


def _may_begin(queue: str, worker: WorkerNode) -> list[tuple[str, bool]]:
    """Waiting jobs that `worker` may take in turn, and whether they run alone.

    Beside a training nothing runs alone, and nothing waits for that.
    """
    waiting = Job.objects.in_turn(queue)
    long = kinds.long_kinds()
    if not may_take_long(worker):
        waiting = waiting.exclude(kind__in=long)
    if Job.objects.active().filter(worker=worker, kind__in=long).exists():
        waiting = waiting.exclude(runs_alone=True)
    return list(waiting.values_list("pk", "runs_alone")[:CANDIDATES])


def may_take_long(worker: WorkerNode) -> bool:
    """Its last slot is kept from trainings, so that nothing short ever waits behind one."""
    held = Job.objects.active().filter(worker=worker, kind__in=kinds.long_kinds())
    return held.count() < worker.n_long_slots


def mark_running(job: Job) -> bool:
    starting = Job.objects.held_as(job).filter(status=Job.Status.STARTING)
    return bool(starting.update(status=Job.Status.RUNNING))


def renew_lease(job: Job) -> bool:
    """False when the job is no longer held: it ended or was given up as lost."""
    return bool(Job.objects.held_as(job).update(lease_until=Now() + _lease()))


def report_progress(job: Job, progress: dict[str, Any]) -> bool:
    return bool(Job.objects.held_as(job).update(progress=progress))


def record_facts(job: Job, facts: dict[str, Any]) -> None:
    """Add what the child found out about its surroundings to the job's provenance."""
    with fenced(job) as held:
        held.provenance |= facts
        held.save(update_fields=["provenance"])


@contextmanager
def fenced(job: Job) -> Iterator[Job]:
    """A transaction in which the job is certain to be still held; yields its fresh row.

    Everything that a worker stores about a job is stored in here. Raises JobSuperseded.
    """
    with transaction.atomic():
        # NO KEY: rows that point at the job (log chunks, checkpoints) can still be added.
        held = Job.objects.held_as(job).select_for_update(no_key=True).first()
        if held is None:
            raise JobSuperseded(job.pk)
        yield held


def finish(
    job: Job,
    *,
    status: str,
    failure: str = "",
    reason: str = "",
    traceback: str = "",
    result: dict[str, Any] | None = None,
) -> bool:
    """End a held job. False, and no change, when its state does not allow this end."""
    ending = Job.objects.held_as(job).filter(status__in=ENDS_FROM[Job.Status(status)])
    return end(
        ending, status=status, failure=failure, reason=reason, traceback=traceback,
        result=result or {},
    )  # fmt: skip


def hand_back(job: Job, *, reason: str, on_replaced: OnReplaced) -> Job | None:
    """Give a held job up on purpose and queue its successor, which goes on from what is stored.

    The stop is the operator's doing, not the job's: it does not use up a try. None when the
    job was not held any more or was being cancelled.
    """
    with transaction.atomic():
        lost = finish(job, status=Job.Status.LOST, failure=Job.Failure.WORKER_LOST, reason=reason)
        if not lost:
            return None
        return succeed(job, tries=job.tries, runs_alone=job.runs_alone, on_replaced=on_replaced)


def _lease() -> datetime.timedelta:
    """From now on by the database's clock, the only one that all who look at leases share."""
    return datetime.timedelta(seconds=settings.JOB_LEASE_SECONDS)

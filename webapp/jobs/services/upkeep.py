"""Repairs what died on the way: lost workers and unheard rings. Safe to run twice at once."""

import datetime
import logging

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from webapp.common.errors import DATABASE_AWAY
from webapp.jobs.models import Job
from webapp.jobs.services.execution import finish
from webapp.jobs.services.queue import free_slots
from webapp.jobs.services.submission import OnReplaced, ring_in_turn, succeed

logger = logging.getLogger(__name__)
FIRST_RING_SECONDS = 5  # after this a job that was never rung for counts as not delivered
LOST_TOGETHER = datetime.timedelta(minutes=2)  # between the ends of what one dead worker held
UNHEARD_SECONDS = 15  # after this a ring that nobody followed counts as lost


def reap(*, on_replaced: OnReplaced) -> list[Job]:
    """Give up jobs whose worker missed its leases; queue successors for those with tries left."""
    # `lease_until` lies one lease after the last sign of life.
    silence = datetime.timedelta(
        seconds=settings.JOB_LEASE_SECONDS * (settings.JOB_MISSED_LEASES - 1)
    )
    silent = Job.objects.active().filter(lease_until__lt=Now() - silence)
    overdue = silent.order_by("pk").values_list("pk", flat=True)
    given_up = (_reap(job_id, silence=silence, on_replaced=on_replaced) for job_id in list(overdue))
    return [job for job in given_up if job is not None]


def _reap(job_id: str, *, silence: datetime.timedelta, on_replaced: OnReplaced) -> Job | None:
    """A job whose successor cannot be made is given up without one, and holds up no other."""
    try:
        return _give_up(job_id, silence=silence, on_replaced=on_replaced)
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("job %s could not be replaced", job_id)
        return _give_up(job_id, silence=silence, on_replaced=None)


@transaction.atomic
def _give_up(
    job_id: str, *, silence: datetime.timedelta, on_replaced: OnReplaced | None
) -> Job | None:
    # A row that is locked is being written by a worker that lives, or by another reaper.
    overdue = Job.objects.active().filter(pk=job_id, lease_until__lt=Now() - silence)
    job = overdue.select_for_update(skip_locked=True, no_key=True).first()
    if job is None:
        return None
    if job.status == Job.Status.CANCELLING:
        finish(job, status=Job.Status.CANCELLED, reason=f"{job.reason} {_silence_of(job)}".strip())
    else:
        _lose(job, on_replaced=on_replaced)
    job.refresh_from_db()
    return job


def _lose(job: Job, *, on_replaced: OnReplaced | None) -> None:
    is_its_fault = not _ran_beside(job)
    tries = job.tries + is_its_fault
    if is_its_fault and job.tries >= job.max_tries:
        what_now = f"This was try {job.tries} of {job.max_tries}: it is not tried again."
        on_replaced = None
    elif on_replaced is None:
        what_now = "It could not be queued again: submit it anew."
    elif is_its_fault:
        what_now = f"Try {tries} of {job.max_tries} has been queued."
    else:
        what_now = (
            "Other jobs ran beside it, and any of them may have been the reason: it is tried "
            "again alone, and this try does not count."
        )
    finish(
        job, status=Job.Status.LOST, failure=Job.Failure.WORKER_LOST,
        reason=f"{_silence_of(job)} {what_now}",
    )  # fmt: skip
    if on_replaced is not None:
        succeed(
            job, tries=tries, runs_alone=job.runs_alone or not is_its_fault, on_replaced=on_replaced
        )


def _ran_beside(job: Job) -> bool:
    """Whether its worker had others when it was last heard."""
    others = Job.objects.filter(worker=job.worker).exclude(pk=job.pk)
    just_lost = Q(
        status=Job.Status.LOST, failure=Job.Failure.WORKER_LOST,
        finished_at__gt=Now() - LOST_TOGETHER,
    )  # fmt: skip
    held = Q(status__in=Job.ACTIVE)
    return job.worker_id is not None and others.filter(held | just_lost).exists()


def _silence_of(job: Job) -> str:
    seconds = settings.JOB_LEASE_SECONDS * settings.JOB_MISSED_LEASES
    return f"Nothing was heard from worker {job.worker_id} for {seconds} seconds."


def ring_again() -> int:
    """For jobs that nobody heard of, as many as there are free slots."""
    return sum(_ring_again(queue) for queue in Job.Queue.values)


def _ring_again(queue: str) -> int:
    now = timezone.now()
    never_rung = Q(
        rung_at=None, created_at__lt=now - datetime.timedelta(seconds=FIRST_RING_SECONDS)
    )
    unheard = Q(rung_at__lt=now - datetime.timedelta(seconds=UNHEARD_SECONDS))
    jobs = Job.objects.in_turn(queue).filter(never_rung | unheard)[: free_slots(queue)]
    return ring_in_turn(jobs)

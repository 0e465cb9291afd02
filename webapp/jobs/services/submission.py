"""What people cause: a job is submitted, retried after a loss, cancelled."""

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp import dispatch
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.jobs import kinds
from webapp.jobs.models import Job, WorkerNode
from webapp.jobs.services.transitions import end

# Called with a lost job and its successor, in the transaction that makes the successor.
OnReplaced = Callable[[Job, Job], None]


@transaction.atomic
def submit(
    *,
    team: Team,
    kind: str,
    subject_id: str,
    title: str,
    queue: str,
    spec: dict[str, Any],
    by: User | None,
    time_limit_seconds: int = 86_400,
    max_tries: int = settings.JOB_MAX_TRIES,
    retry_of: Job | None = None,
    rings: bool = True,
) -> Job:
    """Queue a job; whether `by` may is for the caller to ask, who knows what the job is for.

    Without `rings` the caller rings, for many at once. Raises UserError when no worker could
    ever take it.
    """
    if queue == Job.Queue.GPU and not WorkerNode.objects.serving(queue).exists():
        raise UserError(
            _(
                "No worker with a GPU has reported here in the last day. Choose the queue “cpu”, "
                "or start a worker for the queue “gpu”."
            ),
            code="no_such_worker",
            field="queue",
        )
    job = Job.objects.create(
        team=team, kind=kind, subject_id=subject_id, title=title[:200], queue=queue, spec=spec,
        created_by=by, time_limit_seconds=time_limit_seconds, max_tries=max_tries,
        retry_of=retry_of,
    )  # fmt: skip
    if rings:
        transaction.on_commit(partial(ring, job))
    return job


@transaction.atomic
def submit_cancelled(
    *, team: Team, kind: str, subject_id: str, title: str, queue: str, by: User, reason: str = ""
) -> Job:
    """A job that ends before it starts, for its subject to be resumed with: it needs no worker.

    `reason` says why, where it is not that `by` cancelled it.
    """
    job = Job.objects.create(
        team=team, kind=kind, subject_id=subject_id, title=title[:200], queue=queue, spec={},
        created_by=by,
    )  # fmt: skip
    ended = request_cancel(job=job, by=by, is_recorded=False)
    if reason:
        ended.reason = reason
        ended.save(update_fields=["reason"])
    return ended


def succeed(job: Job, *, tries: int, runs_alone: bool, on_replaced: OnReplaced) -> Job:
    """Queue the same work again in place of a lost job, inside the caller's transaction."""
    successor = Job.objects.create(
        team=job.team, kind=job.kind, subject_id=job.subject_id, title=job.title,
        queue=job.queue, spec=job.spec, created_by=job.created_by,
        time_limit_seconds=job.time_limit_seconds, max_tries=job.max_tries,
        retry_of=job, tries=tries, runs_alone=runs_alone,
    )  # fmt: skip
    on_replaced(job, successor)
    transaction.on_commit(partial(ring, successor))
    return successor


def ring(job: Job) -> bool:
    """Wake the workers for a waiting job; where the broker is away, `ring_again` does so later."""
    if not dispatch.ring(job.queue):
        return False
    waiting = Job.objects.waiting().filter(pk=job.pk)
    waiting.update(status=Job.Status.QUEUED, rung_at=timezone.now())
    return True


def ring_for_long(queue: str) -> bool:
    """Once more for the training whose turn it is: a slot that may not take it may have heard."""
    rung = Job.objects.in_turn(queue).filter(status=Job.Status.QUEUED)
    job = rung.filter(kind__in=kinds.long_kinds()).first()
    return job is not None and ring(job)


def ring_in_turn(jobs: Iterable[Job]) -> int:
    """Ring for each, until the broker is away: each further try would wait for it again."""
    n_rung = 0
    for job in jobs:
        if not ring(job):
            break
        n_rung += 1
    return n_rung


@transaction.atomic
def request_cancel(*, job: Job, by: User, is_recorded: bool = True) -> Job:
    """End a waiting job at once, ask the worker of an active one. Asking twice is no fault.

    Raises ConflictError when the job has already ended. Unless it `is_recorded`, whoever asks
    keeps a record of what the job works for.
    """
    require(by, Permission.RUN_CANCEL, team=job.team)
    now = timezone.now()
    cancelled = _cancel(
        job, at=now, of_waiting=f"Cancelled by {by} before it started.",
        of_active=f"{by} asked to cancel it.",
    )  # fmt: skip
    if is_recorded and cancelled.cancel_requested_at == now:
        record(AuditEvent.Act.JOB_CANCELLED, cancelled, team=job.team, by=by, kind=job.kind)
    return cancelled


@transaction.atomic
def cancel_needless(job: Job, *, reason: str) -> Job:
    """As `request_cancel`, where nobody asked for it: what else was to come of it has failed."""
    return _cancel(job, at=timezone.now(), of_waiting=reason, of_active=reason)


def _cancel(job: Job, *, at: datetime, of_waiting: str, of_active: str) -> Job:
    this = Job.objects.filter(pk=job.pk)
    end(this.waiting(), status=Job.Status.CANCELLED, cancel_requested_at=at, reason=of_waiting)
    this.filter(status__in=[Job.Status.STARTING, Job.Status.RUNNING]).update(
        status=Job.Status.CANCELLING, reason=of_active, cancel_requested_at=at
    )
    fresh = this.get()
    if fresh.cancel_requested_at != at and fresh.is_terminal:
        sentence = _("The job has already ended: %s.") % fresh.get_status_display().lower()
        raise ConflictError(sentence, code="job_ended")
    return fresh

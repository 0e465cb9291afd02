"""Answers about waiting: where a job stands, and why it has not started."""

from typing import Any

from django.db.models import Count, Min, Sum
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from webapp.jobs import kinds
from webapp.jobs.models import Job, JobQuerySet, WorkerNode


def default_queue() -> str:
    """“gpu” while a worker with a GPU is alive."""
    has_gpu = WorkerNode.objects.alive().serving(Job.Queue.GPU).exists()
    return Job.Queue.GPU if has_gpu else Job.Queue.CPU


def light_queue() -> str:
    """For work that needs no GPU: that of the GPUs only where nobody else is alive."""
    cpu = WorkerNode.objects.alive().serving(Job.Queue.CPU)
    return Job.Queue.CPU if cpu.exists() else default_queue()


def queue_position(job: Job) -> int | None:
    """1 for the job that starts next; None when the job does not wait."""
    waiting = list(Job.objects.in_turn(job.queue).values_list("pk", flat=True))
    return waiting.index(job.pk) + 1 if job.pk in waiting else None


def waiting_reason(job: Job) -> str:
    """One sentence; empty when the job does not wait."""
    return _queue_state(job) if job.status in Job.WAITING else ""


def free_slots(queue: str) -> int:
    return max(0, n_slots(queue) - _held(queue).count())


def n_slots(queue: str) -> int:
    """Of the workers that can be heard."""
    workers = WorkerNode.objects.alive().serving(queue)
    return int(workers.aggregate(n=Sum("slots"))["n"] or 0)


def n_long_slots(queue: str) -> int:
    """Those of them that take long jobs."""
    return sum(worker.n_long_slots for worker in WorkerNode.objects.alive().serving(queue))


def _held(queue: str) -> JobQuerySet:
    """Jobs on workers that can be heard; what a dead worker held takes up no slot."""
    return Job.objects.active().filter(worker__in=WorkerNode.objects.alive().serving(queue))


def _queue_state(job: Job) -> str:
    workers = list(WorkerNode.objects.alive().serving(job.queue))
    if not workers:
        return _nobody_there(job.queue)
    everything, long = _held(job.queue), _held(job.queue).filter(kind__in=kinds.long_kinds())
    n_long = n_long_slots(job.queue)
    if job.kind in kinds.long_kinds() and long.count() >= n_long:
        return _busy_for_long(job.queue, long, n_long)
    n_slots = sum(worker.slots for worker in workers)
    if job.runs_alone:
        return _("It waits for a worker that has nothing else to do, since one died that ran it.")
    if everything.count() >= n_slots:
        return _busy(job.queue, everything, n_slots)
    return _("A worker is free and takes it in a moment.")


def _busy(queue: str, held: JobQuerySet, n_slots: int) -> str:
    return ngettext(
        "The only slot of queue %(queue)s is busy; its job started %(age)s ago.",
        "%(n)s of %(n_slots)s slots of queue %(queue)s are busy; the oldest job started "
        "%(age)s ago.",
        n_slots,
    ) % _busy_words(queue, held, n_slots)


def _busy_for_long(queue: str, held: JobQuerySet, n_slots: int) -> str:
    """A slot of each worker with several is kept for imports, scoring and evaluation."""
    return ngettext(
        "The only slot of queue %(queue)s that takes long jobs is busy; its job started "
        "%(age)s ago.",
        "%(n)s of %(n_slots)s slots of queue %(queue)s that take long jobs are busy; the oldest "
        "job started %(age)s ago.",
        n_slots,
    ) % _busy_words(queue, held, n_slots)


def _busy_words(queue: str, held: JobQuerySet, n_slots: int) -> dict[str, Any]:
    found = held.aggregate(n=Count("id"), oldest=Min("started_at"))
    age = timesince(found["oldest"]) if found["oldest"] else ""
    return {"queue": queue, "n": found["n"], "n_slots": n_slots, "age": age}


def _nobody_there(queue: str) -> str:
    last = WorkerNode.objects.serving(queue).order_by("-last_seen_at").first()
    if last is None:
        return _("No worker is alive for queue %(queue)s.") % {"queue": queue}
    return _("No worker is alive for queue %(queue)s; the last one was seen %(age)s ago.") % {
        "queue": queue,
        "age": timesince(last.last_seen_at, timezone.now()),
    }

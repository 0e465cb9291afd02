"""Answers about waiting: where a job stands, and why it has not started."""

from django.db.models import Count, Min, Sum
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

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
    return _queue_state(job.queue) if job.status in Job.WAITING else ""


def free_slots(queue: str) -> int:
    return max(0, _n_slots(queue) - _held(queue).count())


def _n_slots(queue: str) -> int:
    workers = WorkerNode.objects.alive().serving(queue)
    return int(workers.aggregate(n=Sum("slots"))["n"] or 0)


def _held(queue: str) -> JobQuerySet:
    """Jobs on workers that can be heard; what a dead worker held takes up no slot."""
    return Job.objects.active().filter(worker__in=WorkerNode.objects.alive().serving(queue))


def _queue_state(queue: str) -> str:
    n_slots = _n_slots(queue)
    if n_slots == 0:
        return _nobody_there(queue)
    held = _held(queue).aggregate(n=Count("id"), oldest=Min("started_at"))
    if held["n"] < n_slots:
        return _("A worker is free and takes it in a moment.")
    return ngettext(
        "The only slot of queue %(queue)s is busy; its job started %(age)s ago.",
        "%(n)s of %(n_slots)s slots of queue %(queue)s are busy; the oldest job started "
        "%(age)s ago.",
        n_slots,
    ) % {"queue": queue, "n": held["n"], "n_slots": n_slots, "age": timesince(held["oldest"])}


def _nobody_there(queue: str) -> str:
    last = WorkerNode.objects.serving(queue).order_by("-last_seen_at").first()
    if last is None:
        return _("No worker is alive for queue %(queue)s.") % {"queue": queue}
    return _("No worker is alive for queue %(queue)s; the last one was seen %(age)s ago.") % {
        "queue": queue,
        "age": timesince(last.last_seen_at, timezone.now()),
    }

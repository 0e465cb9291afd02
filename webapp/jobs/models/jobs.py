"""Jobs, their logs and the workers that run them.

A job's row is the truth about it, and its own outbox: a Celery message only says
"look at this row".
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Case, Count, OuterRef, Q, Subquery, When, Window
from django.db.models.functions import Coalesce, Now, RowNumber
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.jobs import kinds

# A worker says every five seconds that it is there; four times silent and it is not.
SILENT_SECONDS = 20


class WorkerNodeQuerySet(models.QuerySet["WorkerNode"]):
    def alive(self) -> WorkerNodeQuerySet:
        heard = Now() - datetime.timedelta(seconds=SILENT_SECONDS)
        return self.filter(last_seen_at__gt=heard, stopped_at=None)

    def serving(self, queue: str) -> WorkerNodeQuerySet:
        return self.filter(queues__contains=[queue])


class WorkerNode(models.Model):
    """A worker process, as it describes itself every few seconds."""

    name = models.CharField(max_length=120, primary_key=True)  # host:pid
    queues = models.JSONField(default=list)
    slots = models.PositiveSmallIntegerField(default=1)
    # {"device": "cpu" | "cuda", "name", "memory_bytes", "cpu_count", "torch", "bf16"}
    facts = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(db_index=True)
    stopped_at = models.DateTimeField(null=True)  # it said good-bye

    objects = WorkerNodeQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    @property
    def n_long_slots(self) -> int:
        """For jobs that are not short: all but one, unless it has no more than that."""
        return max(1, self.slots - 1)

    @property
    def is_alive(self) -> bool:
        silent = timezone.now() - self.last_seen_at
        return self.stopped_at is None and silent.total_seconds() < SILENT_SECONDS


class JobQuerySet(TeamOwnedQuerySet):
    def active(self) -> JobQuerySet:
        """Held by a worker."""
        return self.filter(status__in=Job.ACTIVE)

    def waiting(self) -> JobQuerySet:
        return self.filter(status__in=Job.WAITING)

    def held_as(self, job: Job) -> JobQuerySet:
        """This job, if it is still in the hands of the worker that claimed it as `job`."""
        return self.active().filter(pk=job.pk, fence=job.fence)

    def in_turn(self, queue: str) -> JobQuerySet:
        """Waiting jobs in the order in which they will start.

        Teams take turns: what a team has running counts as turns it has already had, so a
        thousand jobs of one team delay another team's first job by one slot. Within a team
        what ends a run goes before what begins one, else the oldest goes first: the numbers of
        a sweep come in one by one, not after its last training.
        """
        running = Job.objects.active().filter(queue=queue, team=OuterRef("team")).order_by()
        n_running = running.values("team").annotate(n=Count("id")).values("n")
        turns = [When(kind=name, then=kind.turn) for name, kind in kinds.KINDS.items()]
        order: list[Any] = [Case(*turns, default=1), "id"]
        place = Window(RowNumber(), partition_by="team", order_by=order)
        waiting = self.waiting().filter(queue=queue)
        return waiting.annotate(turn=place + Coalesce(Subquery(n_running), 0)).order_by(
            "turn", "id"
        )


class Job(models.Model):
    """One execution of work; a retry is a new job.

        created -> queued -> starting -> running -> succeeded | failed | timed_out | lost
           |          |          |          |
           |          |          +----------+--> cancelling -> cancelled
           +----------+--> cancelled

    Every change of state is a guarded UPDATE in `services.py`; `fence` is raised by the
    claim, and whatever a worker writes about the job carries it.
    """

    class Status(models.TextChoices):
        CREATED = "created", _("Created")
        QUEUED = "queued", _("Queued")
        STARTING = "starting", _("Starting")
        RUNNING = "running", _("Running")
        CANCELLING = "cancelling", _("Cancelling")
        SUCCEEDED = "succeeded", _("Succeeded")
        FAILED = "failed", _("Failed")
        TIMED_OUT = "timed_out", _("Timed out")
        LOST = "lost", _("Lost")
        CANCELLED = "cancelled", _("Cancelled")

    WAITING = (Status.CREATED, Status.QUEUED)
    ACTIVE = (Status.STARTING, Status.RUNNING, Status.CANCELLING)
    TERMINAL = (
        Status.SUCCEEDED,
        Status.FAILED,
        Status.TIMED_OUT,
        Status.LOST,
        Status.CANCELLED,
    )

    class Failure(models.TextChoices):
        """Why it ended badly, for programs; `reason` is the sentence for people."""

        OUT_OF_MEMORY = "out_of_memory", _("Out of memory")
        BAD_INPUT = "bad_input", _("Bad input")
        STORAGE_FULL = "storage_full", _("Storage full")
        WORKER_LOST = "worker_lost", _("Worker lost")
        TIMEOUT = "timeout", _("Time limit")
        METHOD_ERROR = "method_error", _("Method error")
        PLATFORM_ERROR = "platform_error", _("Platform error")

    class Queue(models.TextChoices):
        CPU = "cpu", "cpu"
        GPU = "gpu", "gpu"

    id = PrefixedIdField(prefix="job")
    team = models.ForeignKey(Team, models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=8)  # name in `webapp.jobs.kinds`
    # Id of the dataset (ds_…) or run (run_…) it works for: those apps lie above this one.
    subject_id = models.CharField(max_length=36, db_index=True)
    title = models.CharField(max_length=200)
    queue = models.CharField(max_length=3, choices=Queue.choices)
    spec = models.JSONField(default=dict)  # what the child process is told, kind by kind

    status = models.CharField(max_length=10, choices=Status.choices, default=Status.CREATED)
    failure = models.CharField(max_length=16, choices=Failure.choices, blank=True)
    reason = models.TextField(blank=True)
    traceback = models.TextField(blank=True)
    # {"stage": "train", "done": 3, "total": 20, "unit": "epochs", "per_second": 0.4, "eta_seconds"}
    progress = models.JSONField(default=dict)
    result = models.JSONField(default=dict)

    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    retry_of = models.ForeignKey("self", models.SET_NULL, null=True, related_name="retries")
    tries = models.PositiveSmallIntegerField(default=1)
    max_tries = models.PositiveSmallIntegerField(default=3)
    # A worker died while it ran this beside others: whose fault that was shows when it is alone.
    runs_alone = models.BooleanField(default=False)
    time_limit_seconds = models.PositiveIntegerField(default=24 * 3600)

    worker = models.ForeignKey(WorkerNode, models.SET_NULL, null=True, related_name="jobs")
    fence = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    provenance = models.JSONField(default=dict)  # worker, commit, versions, device, threads
    log_size = models.BigIntegerField(default=0)  # bytes in the log so far

    created_at = models.DateTimeField(auto_now_add=True)
    rung_at = models.DateTimeField(null=True)  # last message to the broker
    started_at = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(
                fields=["queue", "id"],
                condition=Q(status__in=["created", "queued"]),
                name="job_waiting",
            ),
            models.Index(
                fields=["lease_until"],
                condition=Q(status__in=["starting", "running", "cancelling"]),
                name="job_leased",
            ),
            models.Index(fields=["team", "-id"], name="job_of_team"),
        ]
        constraints = [
            models.CheckConstraint(
                name="job_finished_at_iff_terminal",
                condition=Q(
                    finished_at__isnull=False,
                    status__in=["succeeded", "failed", "timed_out", "lost", "cancelled"],
                )
                | Q(
                    finished_at__isnull=True,
                    status__in=["created", "queued", "starting", "running", "cancelling"],
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.kind})"

    @property
    def facts_of_kind(self) -> kinds.Kind:
        return kinds.find(self.kind)

    @property
    def kind_title(self) -> str:
        """With its number, where it is one of several that do the same work together."""
        title = str(self.facts_of_kind.title)
        number, n_shards = self.spec.get("shard"), self.spec.get("n_shards")
        return f"{title} {number}/{n_shards}" if number and n_shards else title

    @property
    def subject_url(self) -> str:
        """The page of what it works for."""
        return reverse(self.facts_of_kind.page, args=[self.subject_id])

    @property
    def is_terminal(self) -> bool:
        return self.status in self.TERMINAL

    @property
    def short_id(self) -> str:
        return f"…{self.pk[-8:]}"

    @property
    def waiting_time(self) -> datetime.timedelta:
        return (self.started_at or self.finished_at or timezone.now()) - self.created_at

    @property
    def running_time(self) -> datetime.timedelta | None:
        """None for a job that never started."""
        if self.started_at is None:
            return None
        return (self.finished_at or timezone.now()) - self.started_at

    @property
    def seconds_each(self) -> float | None:
        """Per unit of the progress; None until it is known."""
        per_second = self.progress.get("per_second")
        return 1 / per_second if per_second else None


ENDED_BADLY = (Job.Status.FAILED, Job.Status.TIMED_OUT, Job.Status.LOST)


class JobEvent(models.Model):
    """That a job ended, for whoever wants to hear of it. Written together with its end."""

    job = models.OneToOneField(Job, models.CASCADE, related_name="event")
    status = models.CharField(max_length=10, choices=Job.Status.choices)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.job_id} {self.status}"


class LogChunk(models.Model):
    """A piece of a job's output, found by its byte offset. Never changed, only added."""

    MAX_BYTES = 65_536

    job = models.ForeignKey(Job, models.CASCADE, related_name="log_chunks")
    offset = models.BigIntegerField()
    data = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "offset"], name="log_chunk_unique")]

    def __str__(self) -> str:
        return f"log of {self.job_id} from byte {self.offset}"

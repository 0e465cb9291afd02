"""Work that is cut into shards, a job each, which any workers take."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from webapp.jobs.models.jobs import ENDED_BADLY, Job

TELLS_MOST = (
    *ENDED_BADLY,
    Job.Status.CANCELLING,
    Job.Status.RUNNING,
    Job.Status.STARTING,
    *Job.WAITING,
    Job.Status.CANCELLED,
    Job.Status.SUCCEEDED,
)


class Stage(models.Model):
    """A kind of work for a subject, such as a run, cut into shards that any worker may take.

    It is complete when the last of them has landed. It is there once, however often its jobs are
    done again.
    """

    subject_id = models.CharField(max_length=36)  # as that of its jobs
    kind = models.CharField(max_length=8)  # name in `webapp.jobs.kinds`
    # CPU threads of each job: that of the first, since sums are rounded by how they are divided.
    threads = models.PositiveSmallIntegerField(null=True)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["subject_id", "kind"], name="stage_unique")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.subject_id}"

    @property
    def leading_job(self) -> Job | None:
        """Of those whose work is not stored, the one whose state is the subject's; or None.

        A failure tells most, then what works, then what waits. `shards` and their jobs should
        come joined.
        """
        jobs = [shard.job for shard in self.shards.all() if shard.landed_at is None]
        return min(jobs, key=lambda job: (TELLS_MOST.index(job.status), job.pk), default=None)

    @property
    def status(self) -> str:
        job = self.leading_job
        return job.status if job else Job.Status.SUCCEEDED

    @property
    def n_landed(self) -> int:
        return sum(shard.landed_at is not None for shard in self.shards.all())


class ShardQuerySet(models.QuerySet["Shard"]):
    def open(self) -> ShardQuerySet:
        """Those whose work is not stored yet."""
        return self.filter(landed_at=None)


class Shard(models.Model):
    """What one job of a stage does."""

    stage = models.ForeignKey(Stage, models.CASCADE, related_name="shards")
    number = models.PositiveSmallIntegerField()  # from 1 on
    videos = models.JSONField(default=list)  # ids; empty for all that its kind of work takes
    job = models.OneToOneField(Job, models.PROTECT, related_name="shard")  # its last try
    landed_at = models.DateTimeField(null=True)  # when its work was stored

    objects = ShardQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["stage", "number"], name="shard_unique")]
        indexes = [
            models.Index(fields=["stage"], condition=Q(landed_at=None), name="shard_open"),
        ]

    def __str__(self) -> str:
        return f"shard {self.number} of stage {self.stage_id}"

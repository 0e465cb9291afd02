"""Jobs, their logs and workers, and the stages in which several jobs share work."""

from webapp.jobs.models.jobs import (
    ENDED_BADLY,
    SILENT_SECONDS,
    Job,
    JobEvent,
    JobQuerySet,
    LogChunk,
    WorkerNode,
    WorkerNodeQuerySet,
)
from webapp.jobs.models.stages import Shard, ShardQuerySet, Stage

__all__ = [
    "ENDED_BADLY",
    "SILENT_SECONDS",
    "Job",
    "JobEvent",
    "JobQuerySet",
    "LogChunk",
    "Shard",
    "ShardQuerySet",
    "Stage",
    "WorkerNode",
    "WorkerNodeQuerySet",
]

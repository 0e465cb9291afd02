"""How far the shards of a stage are, taken together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from webapp.jobs.models import Job, Shard, Stage


@dataclass(frozen=True, kw_only=True)
class StageProgress:
    """For the page: has what `jobs/_progress.html` asks of a job."""

    n_landed: int
    shards: Sequence[Shard]
    progress: dict[str, Any]

    @property
    def seconds_each(self) -> float | None:
        per_second = self.progress["per_second"]
        return 1 / per_second if per_second else None


def progress_of(job: Job | None) -> StageProgress | None:
    """Of the stage that the job belongs to, where several jobs share it."""
    if job is None or not job.spec.get("n_shards"):
        return None
    stages = Stage.objects.filter(subject_id=job.subject_id, kind=job.kind)
    stage = stages.prefetch_related("shards__job__worker").first()
    if stage is None:
        return None
    shards = list(stage.shards.all())
    return StageProgress(n_landed=stage.n_landed, shards=shards, progress=_sum(stage.kind, shards))


def _sum(kind: str, shards: Sequence[Shard]) -> dict[str, Any]:
    """As one job would tell it."""
    done, total = sum(map(_done, shards)), sum(len(shard.videos) for shard in shards)
    working = [shard.job.progress for shard in shards if shard.landed_at is None]
    per_second = sum(each.get("per_second") or 0 for each in working)
    return {
        "stage": kind,
        "done": done,
        "total": total,
        "unit": "videos",
        "per_second": per_second or None,
        "eta_seconds": (total - done) / per_second if per_second else None,
    }


def _done(shard: Shard) -> int:
    return len(shard.videos) if shard.landed_at else shard.job.progress.get("done", 0)

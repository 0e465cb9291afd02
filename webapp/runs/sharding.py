"""Which videos a run scores, and how they are shared among jobs."""

from __future__ import annotations

from webapp.datasets.models import Part, Video
from webapp.jobs import services as jobs
from webapp.jobs.sharding import cut
from webapp.runs.models import Run

# Thresholds are chosen on validation scores of the same weights.
SCORED = (Part.TEST, Part.VALIDATION)


def shards_of(run: Run, *, queue: str) -> list[list[str]]:
    """Ids of the videos of each shard; one empty list where one job scores all."""
    return cut(_lengths(run), n_slots=jobs.n_slots(queue))


def _lengths(run: Run) -> dict[str, int]:
    videos = [Video.objects.ready().in_split(run.split, part) for part in SCORED]
    return {pk: n for part in videos for pk, n in part.values_list("pk", "n_frames")}

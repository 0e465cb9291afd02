"""How the videos that a run scores are shared among jobs: into how many shards, and which."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from django.conf import settings

from webapp.datasets.models import Part, Video
from webapp.jobs import services as jobs
from webapp.runs.models import Run

# Thresholds are chosen on validation scores of the same weights.
SCORED = (Part.TEST, Part.VALIDATION)


def shards_of(run: Run, *, queue: str) -> list[list[str]]:
    """Ids of the videos of each shard; one empty list where one job scores all."""
    n_frames = _lengths(run)
    n_shards = _n_shards(n_frames, queue)
    return balanced(n_frames, n_shards) if n_shards > 1 else [[]]


def balanced(n_frames: Mapping[str, int], n_shards: int) -> list[list[str]]:
    """By id of the videos: the longest first, each to the shard that has least so far.

    Then none has more than 4/3 of what the best division would give the largest.
    """
    shards: list[list[str]] = [[] for _ in range(n_shards)]
    loads = [(0, number) for number in range(n_shards)]
    for video_id in sorted(n_frames, key=lambda pk: (-n_frames[pk], pk)):
        load, number = heapq.heappop(loads)
        shards[number].append(video_id)
        heapq.heappush(loads, (load + n_frames[video_id], number))
    return shards


def _n_shards(n_frames: Mapping[str, int], queue: str) -> int:
    most = settings.SCORING_SHARDS or jobs.n_slots(queue)
    worth_it = sum(n_frames.values()) // max(1, settings.SCORING_SHARD_FRAMES)
    return max(1, min(most, worth_it, len(n_frames)))


def _lengths(run: Run) -> dict[str, int]:
    videos = [Video.objects.ready().in_split(run.split, part) for part in SCORED]
    return {pk: n for part in videos for pk, n in part.values_list("pk", "n_frames")}

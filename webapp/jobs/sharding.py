"""How the videos that a stage works on are shared among jobs: into how many shards, and which."""

from __future__ import annotations

import heapq
from collections.abc import Mapping

from django.conf import settings


def cut(n_frames: Mapping[str, int], *, n_slots: int) -> list[list[str]]:
    """Ids of the videos of each shard, by their lengths; one empty list where one job does all."""
    n_shards = _n_shards(n_frames, n_slots)
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


def _n_shards(n_frames: Mapping[str, int], n_slots: int) -> int:
    most = settings.SCORING_SHARDS or n_slots
    worth_it = sum(n_frames.values()) // max(1, settings.SCORING_SHARD_FRAMES)
    return max(1, min(most, worth_it, len(n_frames)))

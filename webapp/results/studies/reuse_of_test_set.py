"""How often a test part has been looked at: the more often, the less its best number says."""

from __future__ import annotations

from collections import defaultdict

from webapp.datasets.models import Part, Split, SplitMember
from webapp.runs.models import Run


def n_looks(split: Split) -> int:
    """Runs scored on the videos that `split` tests on, under this or another split.

    A split with validation videos held out keeps the test part of the one it came from, so
    that both count together. Without test videos there is nothing to look at.
    """
    tested = _tested_by_split(split)
    own = tested.get(split.pk)
    if not own:
        return 0
    same = [split_id for split_id, videos in tested.items() if videos == own]
    return Run.objects.filter(split__in=same).scored().count()


def _tested_by_split(split: Split) -> dict[str, set[str]]:
    """Ids of the test videos of each split of the dataset."""
    rows = SplitMember.objects.filter(split__dataset=split.dataset_id, part=Part.TEST)
    tested: dict[str, set[str]] = defaultdict(set)
    for split_id, video_id in rows.values_list("split_id", "video_id"):
        tested[split_id].add(video_id)
    return tested

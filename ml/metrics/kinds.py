"""Average precision of some abnormal frames against all normal ones, over drawn videos.

V videos, K groups of abnormal frames that each lie in one video, B bins of scores, R draws.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ml.metrics.bootstrap import (
    REPLICATES_AT_ONCE,
    Bounds,
    Counts,
    bins_of,
    percentile_interval,
    weights_by_bin,
)  # fmt: skip
from ml.metrics.curves import average_precision
from ml.metrics.ranking import Floats, rank_counts
from ml.metrics.segments import Segments

MOST_BINS = 1_024  # a quarter of what a ranking has: there are many kinds


class AgainstNormal:
    """`items` hold the normal frames of V videos as the videos 0…V-1, then those of K groups.

    What the draws make of the normal frames is counted once for all groups. Replicates see at
    most MOST_BINS bins, and are moved by what the exact value of all videos differs from the
    binned one, as those of `bootstrap_metrics`.
    """

    def __init__(self, items: Segments, n_videos: int, counts: Counts) -> None:
        self.items = items
        self.n_videos = n_videos
        self.counts = counts
        bins, n_bins = bins_of(items, MOST_BINS)
        table = weights_by_bin(items, items.n_normal + items.n_abnormal, bins, n_bins)
        self.normal, self.abnormal = table[:n_videos], table[n_videos:]
        self.false = np.cumsum(counts.astype(np.float64) @ self.normal, axis=1)

    def average_precision(self, groups: Sequence[int]) -> float:
        """Of these groups together, exactly; NaN where there is no frame of either side."""
        is_kept = self.items.videos < self.n_videos
        is_kept |= np.isin(self.items.videos - self.n_videos, groups)
        items = self.items
        ranking = rank_counts(
            items.scores[is_kept], items.n_normal[is_kept], items.n_abnormal[is_kept]
        )
        return ranking.average_precision()

    def interval(self, groups: Sequence[int], places: Sequence[int]) -> Bounds:
        """Of 95 % of the draws that hold both. `places` are the videos of the groups."""
        whole = np.cumsum(self.normal.sum(axis=0))[None]
        own = np.cumsum(self.abnormal[list(groups)].sum(axis=0))[None]
        shift = self.average_precision(groups) - float(average_precision(own, whole)[0])
        return percentile_interval(self._replicates(groups, places) + np.nan_to_num(shift))

    def _replicates(self, groups: Sequence[int], places: Sequence[int]) -> Floats:
        parts = []
        for start in range(0, len(self.counts), REPLICATES_AT_ONCE):
            part = slice(start, start + REPLICATES_AT_ONCE)
            weights = self.counts[part][:, list(places)].astype(np.float64)
            true = np.cumsum(weights @ self.abnormal[list(groups)], axis=1)
            parts.append(average_precision(true, self.false[part]))
        return np.concatenate(parts) if parts else np.empty(0)

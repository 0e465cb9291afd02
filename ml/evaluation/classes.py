"""Numbers for each kind of anomaly, where the ground truth names kinds.

V videos, K pairs of a video and a kind that it holds, R draws of whole videos.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.evaluation.frames import Floats, ScoredVideo
from ml.evaluation.thresholds import or_none
from ml.metrics.bootstrap import Counts

Owned = tuple[int, str]  # a video's place and the name of a kind that it holds


def per_class(videos: Sequence[ScoredVideo], drawn: Counts) -> list[dict[str, Any]]:
    """Each named kind against all normal frames, and inside its own videos only.

    Of the first there is average precision as well, which grows with the share of the kind. AUROC
    inside its videos tells whether the event is found once it is known that there is one.
    Frames of other kinds are left out of both. `drawn` (R, V) says how often each draw holds
    each video; the 95 % intervals come from it, None for a kind that one video holds.
    """
    names = sorted({name for video in videos for name in video.classes})
    if not names:
        return []
    pairs = _Pairs.of(videos, drawn)
    return [pairs.numbers(name) for name in names]


@dataclass(frozen=True)
class _Pairs:
    """Pairs of an abnormal and a normal frame in the right order, counted once for all kinds."""

    owned: list[Owned]
    right: Floats  # (K, V)
    n_abnormal: Floats  # (K,)
    n_normal: Floats  # (V,)
    drawn: Counts  # (R, V)
    against_normal: metrics.AgainstNormal

    @classmethod
    def of(cls, videos: Sequence[ScoredVideo], drawn: Counts) -> _Pairs:
        owned = [
            (place, name)
            for place, video in enumerate(videos)
            for name, mask in video.classes.items()
            if mask.any()
        ]
        normal = [video.scores[video.labels == 0] for video in videos]
        abnormal = [videos[place].scores[videos[place].classes[name]] for place, name in owned]
        labels = [np.zeros(len(each)) for each in normal] + [np.ones(len(e)) for e in abnormal]
        items = metrics.segments(labels, normal + abnormal)
        right = metrics.pair_counts(
            items.n_normal, items.n_abnormal, items.scores, items.videos, items.n_videos
        )
        return cls(
            owned=owned,
            right=right[len(videos) :, : len(videos)],
            n_abnormal=np.array([float(len(each)) for each in abnormal]),
            n_normal=np.array([float(len(each)) for each in normal]),
            drawn=drawn,
            against_normal=metrics.AgainstNormal(items, len(videos), drawn),
        )

    def numbers(self, name: str) -> dict[str, Any]:
        rows = [row for row, (_place, kind) in enumerate(self.owned) if kind == name]
        own = [self.owned[row][0] for row in rows]
        everywhere = list(range(len(self.n_normal)))
        return {
            "label": name,
            "n_videos": len(rows),
            "n_frames": int(self.n_abnormal[rows].sum()),
            "auroc_against_normal": self._auroc(rows, everywhere),
            "auroc_inside": self._auroc(rows, own),
            "interval_against_normal": self._interval(rows, everywhere),
            "interval_inside": self._interval(rows, own),
            "average_precision": self._average_precision(rows),
            "interval_average_precision": self._interval_of_precision(rows),
        }

    def _auroc(self, rows: list[int], against: list[int]) -> float | None:
        """Of the abnormal frames of `rows` against the normal ones of the videos `against`."""
        return or_none(float(self._aurocs(rows, against, np.ones((1, len(self.n_normal))))[0]))

    def _average_precision(self, rows: list[int]) -> float | None:
        """None without a frame of either side, as AUROC is."""
        has_both = self.n_abnormal[rows].sum() > 0 and self.n_normal.sum() > 0
        return or_none(self.against_normal.average_precision(rows)) if has_both else None

    def _interval(self, rows: list[int], against: list[int]) -> list[float] | None:
        """None for a kind of one video: drawing it again and again says nothing of others."""
        if len(rows) < 2:
            return None
        return _ends(metrics.percentile_interval(self._aurocs(rows, against, self.drawn)))

    def _interval_of_precision(self, rows: list[int]) -> list[float] | None:
        places = [self.owned[row][0] for row in rows]
        return None if len(rows) < 2 else _ends(self.against_normal.interval(rows, places))

    def _aurocs(self, rows: list[int], against: list[int], drawn: NDArray[Any]) -> Floats:
        """(R,), NaN where a draw lacks either."""
        places = [self.owned[row][0] for row in rows]
        weights, own = (drawn[:, each].astype(np.float64) for each in (against, places))
        right = np.sum((weights @ self.right[np.ix_(rows, against)].T) * own, axis=1)
        total = (weights @ self.n_normal[against]) * (own @ self.n_abnormal[rows])
        return np.divide(right, total, out=np.full(len(drawn), np.nan), where=total > 0)


def _ends(interval: tuple[float, float]) -> list[float] | None:
    low, high = interval
    return None if np.isnan(low) else [low, high]

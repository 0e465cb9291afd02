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
from ml.metrics.bootstrap import Counts

Owned = tuple[int, str]  # a video's place and the name of a kind that it holds


def per_class(videos: Sequence[ScoredVideo], drawn: Counts) -> list[dict[str, Any]]:
    """Each named kind against all normal frames, and inside its own videos only.

    The second number tells whether the event is found once it is known that there is one.
    Frames of other kinds are left out of both. `drawn` (R, V) says how often each draw holds
    each video; the 95 % intervals come from it, None for a kind that one video holds.
    """
    names = sorted({name for video in videos for name in video.classes})
    if not names:
        return []
    normal, pairs = _sorted_normal(videos), _Pairs.of(videos)
    return [
        _of_class(name, videos, normal)
        | {
            "interval_against_normal": pairs.interval(name, drawn),
            "interval_inside": pairs.interval(name, drawn, is_inside=True),
        }
        for name in names
    ]


def _of_class(
    name: str, videos: Sequence[ScoredVideo], normal: NDArray[np.floating]
) -> dict[str, Any]:
    own = [video for video in videos if name in video.classes and video.classes[name].any()]
    parts = [video.scores[video.classes[name]] for video in own]
    abnormal = np.concatenate(parts) if parts else np.zeros(0)
    return {
        "label": name,
        "n_videos": len(own),
        "n_frames": len(abnormal),
        "auroc_against_normal": _auroc(abnormal, normal),
        "auroc_inside": _auroc(abnormal, _sorted_normal(own)),
    }


@dataclass(frozen=True)
class _Pairs:
    """Pairs of an abnormal and a normal frame in the right order, counted once for all kinds."""

    owned: list[Owned]
    right: Floats  # (K, V)
    n_abnormal: Floats  # (K,)
    n_normal: Floats  # (V,)

    @classmethod
    def of(cls, videos: Sequence[ScoredVideo]) -> _Pairs:
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
        )

    def interval(self, name: str, drawn: Counts, *, is_inside: bool = False) -> list[float] | None:
        """`is_inside`: against the normal frames of the videos that hold the kind alone.

        None for a kind of one video: drawing it again and again says nothing of others.
        """
        rows = [row for row, (_place, kind) in enumerate(self.owned) if kind == name]
        if len(rows) < 2:
            return None
        places = [self.owned[row][0] for row in rows]
        against = places if is_inside else list(range(len(self.n_normal)))
        weights, own = drawn.astype(np.float64)[:, against], drawn.astype(np.float64)[:, places]
        right = np.sum((weights @ self.right[np.ix_(rows, against)].T) * own, axis=1)
        total = (weights @ self.n_normal[against]) * (own @ self.n_abnormal[rows])
        values = np.divide(right, total, out=np.full(len(drawn), np.nan), where=total > 0)
        low, high = metrics.percentile_interval(values)
        return None if np.isnan(low) else [low, high]


def _sorted_normal(videos: Sequence[ScoredVideo]) -> NDArray[np.floating]:
    parts = [video.scores[video.labels == 0] for video in videos]
    return np.sort(np.concatenate(parts)) if parts else np.zeros(0)


def _auroc(abnormal: NDArray[np.floating], normal: NDArray[np.floating]) -> float | None:
    value = metrics.auroc_above(abnormal, normal)
    return None if np.isnan(value) else value

"""Numbers for each kind of anomaly, where the ground truth names kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ml import metrics
from ml.evaluation.frames import ScoredVideo


def per_class(videos: Sequence[ScoredVideo]) -> list[dict[str, Any]]:
    """Each named kind against all normal frames, and inside its own videos only.

    The second number tells whether the event is found once it is known that there is one.
    Frames of other kinds are left out of both.
    """
    names = sorted({name for video in videos for name in video.classes})
    return [_of_class(name, videos) for name in names]


def _of_class(name: str, videos: Sequence[ScoredVideo]) -> dict[str, Any]:
    own = [video for video in videos if name in video.classes and video.classes[name].any()]
    return {
        "label": name,
        "n_videos": len(own),
        "n_frames": sum(int(video.classes[name].sum()) for video in own),
        "auroc_against_normal": _auroc(name, own, videos),
        "auroc_inside": _auroc(name, own, own),
    }


def _auroc(name: str, own: Sequence[ScoredVideo], normal: Sequence[ScoredVideo]) -> float | None:
    abnormal = [video.scores[video.classes[name]] for video in own]
    calm = [video.scores[video.labels == 0] for video in normal]
    scores = np.concatenate([*abnormal, *calm]) if abnormal else np.zeros(0)
    n_abnormal = sum(map(len, abnormal))
    value = metrics.auroc(np.arange(len(scores)) < n_abnormal, scores)
    return None if np.isnan(value) else value

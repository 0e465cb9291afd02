"""Numbers for each kind of anomaly, where the ground truth names kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.evaluation.frames import ScoredVideo


def per_class(videos: Sequence[ScoredVideo]) -> list[dict[str, Any]]:
    """Each named kind against all normal frames, and inside its own videos only.

    The second number tells whether the event is found once it is known that there is one.
    Frames of other kinds are left out of both.
    """
    names = sorted({name for video in videos for name in video.classes})
    normal = _sorted_normal(videos) if names else np.zeros(0)
    return [_of_class(name, videos, normal) for name in names]


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


def _sorted_normal(videos: Sequence[ScoredVideo]) -> NDArray[np.floating]:
    parts = [video.scores[video.labels == 0] for video in videos]
    return np.sort(np.concatenate(parts)) if parts else np.zeros(0)


def _auroc(abnormal: NDArray[np.floating], normal: NDArray[np.floating]) -> float | None:
    value = metrics.auroc_above(abnormal, normal)
    return None if np.isnan(value) else value

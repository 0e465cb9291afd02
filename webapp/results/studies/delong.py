"""DeLong's test between two stored evaluations: of their pooled AUC, without drawing videos."""

from __future__ import annotations

import numpy as np

from ml import metrics
from webapp.results.models import Evaluation


def delong(first: Evaluation | None, second: Evaluation | None) -> metrics.Comparison | None:
    """The first AUC minus the second's; frames of one video count as a cluster.

    None where they did not judge the same frames, and where the test has no answer: with one
    class only, or with fewer than two videos of a class.
    """
    if first is None or second is None or first.annotation_hash != second.annotation_hash:
        return None
    if first.protocol_id != second.protocol_id:
        return None
    one, other = _placements(first), _placements(second)
    if one is None or other is None or _video_ids(first) != _video_ids(second):
        return None
    try:
        found = metrics.compare_delong(one, other)
    except ValueError:  # other frames of the same videos
        return None
    return None if np.isnan([found.difference, found.p_value]).any() else found


def _video_ids(evaluation: Evaluation) -> list[str]:
    return sorted(each["video_id"] for each in evaluation.per_video)


def _placements(evaluation: Evaluation) -> metrics.Placements | None:
    """By video id; None of evaluators that did not keep them."""
    rows = sorted(evaluation.per_video, key=lambda each: str(each["video_id"]))
    if not rows or any("abnormal_placements" not in row for row in rows):
        return None
    columns = {
        name: np.array([row[name] for row in rows], dtype=np.float64)
        for name in ("n_frames", "n_abnormal_frames", "normal_placements", "abnormal_placements")
    }
    return metrics.Placements(
        n_normal=columns["n_frames"] - columns["n_abnormal_frames"],
        n_abnormal=columns["n_abnormal_frames"],
        normal=columns["normal_placements"],
        abnormal=columns["abnormal_placements"],
    )

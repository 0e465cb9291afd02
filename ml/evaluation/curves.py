"""ROC and precision-recall curves with no more points than a page can draw."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from ml.evaluation.frames import Floats

MAX_POINTS = 2_000

Points = dict[str, list[float | None]]


def roc_points(ranking: metrics.Ranking) -> Points:
    if not ranking.is_defined:
        return {"fpr": [], "tpr": [], "thresholds": []}
    fpr, tpr, thresholds = ranking.roc_curve()
    kept = thin_roc(fpr, tpr, MAX_POINTS)
    return {
        "fpr": fpr[kept].tolist(),
        "tpr": tpr[kept].tolist(),
        "thresholds": [None, *thresholds[kept][1:].tolist()],  # the first is infinite
    }


def pr_points(ranking: metrics.Ranking) -> Points:
    """Evenly spread along the curve, recall rising."""
    if not ranking.is_defined:
        return {"recall": [], "precision": [], "thresholds": []}
    recall, precision, thresholds = ranking.pr_curve()
    way = np.cumsum(np.hypot(np.diff(recall, prepend=0), np.diff(precision, prepend=1)))
    wanted = np.linspace(0, way[-1], min(MAX_POINTS, len(way)))
    kept = np.unique([0, *np.searchsorted(way, wanted), len(way) - 1])
    kept = kept[kept < len(way)]
    return {
        "recall": recall[kept].tolist(),
        "precision": precision[kept].tolist(),
        "thresholds": [None, *thresholds[kept][1:].tolist()],
    }


def thin_roc(fpr: Floats, tpr: Floats, max_points: int) -> NDArray[np.intp]:
    """Indices of at most `max_points` points of a ROC curve, with both ends.

    The curve is cut into pieces of equal length along `fpr + tpr`. Each keeps the corner
    nearest to (0, 1) and the one farthest from it.
    """
    if len(fpr) <= max_points:
        return np.arange(len(fpr))
    n_pieces = (max_points - 2) // 2
    piece = np.minimum((fpr + tpr) * (n_pieces / 2), n_pieces - 1).astype(np.intp)
    edges = np.flatnonzero(np.diff(piece, prepend=-1, append=n_pieces))
    height = tpr - fpr
    kept = [
        start + pick(height[start:end])
        for start, end in pairwise(edges)
        for pick in (np.argmin, np.argmax)
    ]
    return np.unique([0, *kept, len(fpr) - 1])

"""The one evaluator: frame scores and ground truth in, every headline number out.

Pure: NumPy in, JSON values out. The site and `python -m ml evaluate` both use it. Raise
EVALUATOR_VERSION with each change that can change a number; evaluations of the old version
stay as they are.
"""

from ml.evaluation.catalogue import METRICS, Metric
from ml.evaluation.curves import thin_roc
from ml.evaluation.frames import (
    ScoredVideo,
    fill_with_nearest,
    normalise_per_video,
    scored_video,
    scored_videos,
)
from ml.evaluation.outcome import Outcome, evaluate_under, evaluate_videos
from ml.evaluation.settings import Settings

EVALUATOR_VERSION = 7

__all__ = [
    "EVALUATOR_VERSION",
    "METRICS",
    "Metric",
    "Outcome",
    "ScoredVideo",
    "Settings",
    "evaluate_under",
    "evaluate_videos",
    "fill_with_nearest",
    "normalise_per_video",
    "scored_video",
    "scored_videos",
    "thin_roc",
]

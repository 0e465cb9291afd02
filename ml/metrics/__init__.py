"""How well scores tell abnormal frames from normal ones: pure functions of arrays, NumPy only."""

from ml.metrics.ranking import (
    Floats,
    Ranking,
    auroc,
    average_precision,
    equal_error_rate,
    misordering,
    rank,
    roc_curve,
)

__all__ = [
    "Floats",
    "Ranking",
    "auroc",
    "average_precision",
    "equal_error_rate",
    "misordering",
    "rank",
    "roc_curve",
]

"""How well scores tell abnormal frames from normal ones: pure functions of arrays, NumPy only."""

from ml.metrics.bootstrap import (
    BootstrapAUROC,
    BootstrapMetrics,
    auroc_of_pairs,
    bootstrap_auroc,
    bootstrap_auroc_of,
    bootstrap_metrics,
    draws,
    percentile_interval,
)
from ml.metrics.comparison import Comparison, Placements, compare, compare_delong, placements
from ml.metrics.pairs import pair_counts
from ml.metrics.ranking import (
    Floats,
    Ranking,
    auroc,
    average_precision,
    equal_error_rate,
    misordering,
    pr_auc,
    pr_curve,
    rank,
    rank_counts,
    roc_curve,
)
from ml.metrics.segments import Segments, segments
from ml.metrics.thresholds import (
    AtThreshold,
    at_threshold,
    best_f1_threshold,
    equal_error_threshold,
)
from ml.metrics.wilson import wilson

__all__ = [
    "AtThreshold",
    "BootstrapAUROC",
    "BootstrapMetrics",
    "Comparison",
    "Floats",
    "Placements",
    "Ranking",
    "Segments",
    "at_threshold",
    "auroc",
    "auroc_of_pairs",
    "average_precision",
    "best_f1_threshold",
    "bootstrap_auroc",
    "bootstrap_auroc_of",
    "bootstrap_metrics",
    "compare",
    "compare_delong",
    "draws",
    "equal_error_rate",
    "equal_error_threshold",
    "misordering",
    "pair_counts",
    "percentile_interval",
    "placements",
    "pr_auc",
    "pr_curve",
    "rank",
    "rank_counts",
    "roc_curve",
    "segments",
    "wilson",
]

"""How well scores tell abnormal frames from normal ones: pure functions of arrays, NumPy only."""

from ml.metrics.averaging import averaged_roc
from ml.metrics.bootstrap import (
    BootstrapAUROC,
    BootstrapMetrics,
    auroc_of_pairs,
    bootstrap_at_threshold,
    bootstrap_auroc,
    bootstrap_auroc_of,
    bootstrap_metrics,
    draws,
    percentile_interval,
)
from ml.metrics.clocks import SPACE
from ml.metrics.comparison import Comparison, Placements, compare, compare_delong, placements
from ml.metrics.events import (
    AlarmRule,
    Alarms,
    Detection,
    EventCounts,
    Timeline,
    detect,
    sweep,
    timeline,
)
from ml.metrics.kinds import AgainstNormal
from ml.metrics.mcnemar import mcnemar
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
    normal_quantile_threshold,
)
from ml.metrics.wilson import wilson

__all__ = [
    "SPACE",
    "AgainstNormal",
    "AlarmRule",
    "Alarms",
    "AtThreshold",
    "BootstrapAUROC",
    "BootstrapMetrics",
    "Comparison",
    "Detection",
    "EventCounts",
    "Floats",
    "Placements",
    "Ranking",
    "Segments",
    "Timeline",
    "at_threshold",
    "auroc",
    "auroc_of_pairs",
    "average_precision",
    "averaged_roc",
    "best_f1_threshold",
    "bootstrap_at_threshold",
    "bootstrap_auroc",
    "bootstrap_auroc_of",
    "bootstrap_metrics",
    "compare",
    "compare_delong",
    "detect",
    "draws",
    "equal_error_rate",
    "equal_error_threshold",
    "mcnemar",
    "misordering",
    "normal_quantile_threshold",
    "pair_counts",
    "percentile_interval",
    "placements",
    "pr_auc",
    "pr_curve",
    "rank",
    "rank_counts",
    "roc_curve",
    "segments",
    "sweep",
    "timeline",
    "wilson",
]

"""The numbers that an evaluation holds, by name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Metric:
    """`title` is for people; of two values the higher is better unless it is an error."""

    title: str
    description: str
    higher_is_better: bool = True


METRICS = {
    "auroc": Metric(
        title="AUC (frame-level)",
        description="Area under the ROC curve, the frames of all videos pooled (micro).",
    ),
    "average_precision": Metric(
        title="Average precision",
        description="Sum of precision times step in recall, all frames pooled.",
    ),
    "pr_auc": Metric(
        title="PR-AUC (trapezoid)",
        description="Area under straight lines between the points of the precision-recall curve, "
        "which is a little more than average precision; XD-Violence code prints it as AP.",
    ),
    "equal_error_rate": Metric(
        title="Equal error rate",
        description="Where as many normal frames alarm as abnormal ones are missed.",
        higher_is_better=False,
    ),
    "macro_auroc": Metric(
        title="AUC, mean of videos",
        description="Mean over the videos whose AUC is defined: those with both kinds of frames.",
    ),
    "abnormal_auroc": Metric(
        title="AUC, abnormal videos",
        description="Pooled over the frames of videos that hold abnormal ones; normal videos are "
        "left out.",
    ),
    "clip_auroc": Metric(
        title="AUC of videos",
        description="Whole videos told apart by their highest score.",
    ),
    "clip_average_precision": Metric(
        title="AP of videos",
        description="Average precision of whole videos by their highest score.",
    ),
}

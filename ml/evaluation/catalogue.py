"""The numbers that an evaluation holds, by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Metric:
    """`title` is for people; of two values the higher is better unless it is an error.

    Those of `level` event are computed by protocols of that level only. `is_share` says that
    no value lies outside 0…1.
    """

    title: str
    description: str
    higher_is_better: bool = True
    level: Literal["frame", "event"] = "frame"
    is_share: bool = True


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
    "event_f1": Metric(
        title="Event F1",
        description="Harmonic mean of the shares of events found and of alarms matched.",
        level="event",
    ),
    "event_recall": Metric(
        title="Events found",
        description="Share of the events, runs of abnormal frames, that an alarm is matched with.",
        level="event",
    ),
    "event_precision": Metric(
        title="Alarms matched",
        description="Share of the alarms that are matched with an event.",
        level="event",
    ),
    "false_alarms_per_hour": Metric(
        title="False alarms per hour",
        description="Alarms without an abnormal frame, by the length of the videos.",
        higher_is_better=False,
        level="event",
        is_share=False,
    ),
    "detection_delay": Metric(
        title="Detection delay, seconds",
        description="Mean time from the start of an event to its alarm, of the events found.",
        higher_is_better=False,
        level="event",
        is_share=False,
    ),
}

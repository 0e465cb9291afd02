"""The numbers that an evaluation holds, by name. Those of one curve are files of `numbers`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ml.evaluation.numbers import CurveNumber, in_order


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


def _metric_of(number: type[CurveNumber]) -> Metric:
    return Metric(
        title=number.title,
        description=number.description,
        higher_is_better=number.higher_is_better,
        is_share=number.is_share,
    )


METRICS = {
    "auroc": Metric(
        title="AUC (frame-level)",
        description="Area under the ROC curve, the frames of all videos pooled (micro).",
    ),
    **{name: _metric_of(number) for name, number in in_order().items()},
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

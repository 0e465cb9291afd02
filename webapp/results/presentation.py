"""How a run page shows its evaluations: protocols side by side, videos by what they cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from webapp.datasets.models import Video
from webapp.results.charts import Figure, line_of, roc_figure
from webapp.results.models import Evaluation
from webapp.runs.models import Run

# Name, title, and what a reader needs to know to compare it.
NUMBERS = [
    ("auroc", _("AUC (frame level)"), _("All frames of all test videos ranked together")),
    ("average_precision", _("AP"), _("Average precision over the same frames")),
    ("equal_error_rate", _("EER"), _("Error rate where misses and false alarms are equal")),
    ("macro_auroc", _("AUC, mean over videos"), _("Videos of a single class are left out")),
    ("clip_auroc", _("AUC (clip level)"), _("Whole videos ranked by their highest score")),
]
COPIED = ("n_frames", "n_abnormal_frames", "n_frames_without_score", "misordering")
NORMALISED_LINE = {"color": "var(--muted)", "dash": "6px, 3px", "width": 1.5}


@dataclass(frozen=True, kw_only=True)
class VideoNumbers:
    """One test video: its own AUC per protocol and what it costs the pooled one."""

    video: Video
    aurocs: list[float | None]
    n_frames: int
    n_abnormal_frames: int
    n_frames_without_score: int
    misordering: float | None
    share: float | None  # of all that the pooled AUC lacks, 0…1


def evaluation_context(run: Run) -> dict[str, Any]:
    """`evaluation` for `results/_evaluation.html`; None while the run has none."""
    evaluations = list(
        Evaluation.objects.filter(score_set__run=run)
        .select_related("protocol", "score_set", "annotation_set")
        .order_by("protocol_id", "-evaluator_version")
        .distinct("protocol_id")
    )
    if not evaluations:
        return {"evaluation": None}
    return {
        "evaluation": {
            "run": run,
            "protocols": [evaluation.protocol for evaluation in evaluations],
            "headlines": evaluations,
            "numbers": [
                {
                    "title": title,
                    "help": text,
                    "values": [evaluation.metrics[name] for evaluation in evaluations],
                }
                for name, title, text in NUMBERS
            ],
            "counts": evaluations[0].counts,
            "roc": _roc(run, evaluations),
            "videos": _videos(evaluations),
        }
    }


def _roc(run: Run, evaluations: Sequence[Evaluation]) -> Figure:
    lines = [line_of(run.pk), *[NORMALISED_LINE] * len(evaluations)]
    return roc_figure(
        (evaluation.protocol.title, line, evaluation.roc)
        for evaluation, line in zip(evaluations, lines, strict=False)
    )


def _videos(evaluations: Sequence[Evaluation]) -> list[VideoNumbers]:
    """Costliest first by the first protocol."""
    first = evaluations[0]
    videos = Video.objects.only("id", "name").in_bulk(
        [each["video_id"] for each in first.per_video]
    )
    aurocs = [{e["video_id"]: e["auroc"] for e in each.per_video} for each in evaluations]
    lacking = 1 - first.metrics["auroc"] if first.metrics["auroc"] is not None else 0
    rows = [
        VideoNumbers(
            video=videos[each["video_id"]],
            aurocs=[of_protocol.get(each["video_id"]) for of_protocol in aurocs],
            share=each["misordering"] / lacking if lacking else None,
            **{name: each[name] for name in COPIED},
        )
        for each in first.per_video
    ]
    return sorted(rows, key=lambda row: -(row.misordering or 0))

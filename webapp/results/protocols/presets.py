"""The protocols that every installation has: named, versioned ways to compute the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from ml.evaluation import Settings
from webapp.results.models import Protocol

THRESHOLD = (
    "The threshold is chosen on validation data where there are any, else it is that of equal "
    "error on the test data."
)
NEAREST = "A frame without a score takes that of the nearest frame of its video that has one."


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A protocol as the code defines it. To change one, add its next version."""

    slug: str
    version: int
    title: str
    description: str
    settings: Settings


# Filling the gaps lets every method answer for the same frames: one that leaves out frames
# cannot do better by it.
RAW = Preset(
    slug="frame-raw",
    version=2,
    title="Frame level, raw scores",
    description=(
        "The frames of all test videos are pooled (micro) and ranked by their scores as the "
        f"method gave them. {NEAREST} The number that UCF-Crime and ShanghaiTech tables print."
    ),
    settings=Settings(),
)
PER_VIDEO = Preset(
    slug="frame-per-video",
    version=2,
    title="Frame level, normalised per video",
    description=(
        "As with raw scores, but the scores of each video are first stretched to 0…1 by its "
        "own lowest and highest; a video whose scores are all equal gets 0. Common in papers "
        "on Ped2 and Avenue, yet it looks at the whole video first and gives every normal video "
        "a frame of score 1."
    ),
    settings=Settings(normalisation="per_video"),
)
MACRO = Preset(
    slug="frame-macro",
    version=1,
    title="Frame level, mean of videos",
    description=(
        "The AUC of each test video by itself, and their mean (macro). Videos with frames of "
        f"one kind only have none; they are left out and counted. {NEAREST}"
    ),
    settings=Settings(metric="macro_auroc"),
)
MACRO_PADDED = Preset(
    slug="frame-macro-padded",
    version=1,
    title="Frame level, mean of padded videos",
    description=(
        "As the mean of videos, but each video is first stretched to 0…1 and given an artificial "
        "normal frame of score 0 and an abnormal one of score 1, as some papers on Avenue do so "
        "that no video is left out. It raises every number."
    ),
    settings=Settings(normalisation="per_video", macro_padding=True, metric="macro_auroc"),
)
SCORED_ONLY = Preset(
    slug="frame-scored-only",
    version=1,
    title="Frame level, scored frames only",
    description=(
        "Raw scores pooled, frames without a score left out with their labels, as code that "
        "predicts from earlier frames does. Two methods may then answer for different frames."
    ),
    settings=Settings(missing="drop"),
)
AVERAGE_PRECISION = Preset(
    slug="frame-ap",
    version=1,
    title="Frame level, average precision",
    description=(
        f"Raw scores pooled; average precision leads, as on XD-Violence. {NEAREST} Code that "
        "prints the trapezoid area as AP is reproduced by PR-AUC beside it."
    ),
    settings=Settings(metric="average_precision"),
)
CLIP = Preset(
    slug="clip-level",
    version=1,
    title="Clip level, highest score",
    description=(
        "One score per video or clip, its highest, and the AUC of telling abnormal clips from "
        "normal ones: for datasets of short clips with one label each, whose papers pool the "
        "folds of a cross-validation."
    ),
    settings=Settings(metric="clip_auroc"),
)
EVENT = Preset(
    slug="event-level",
    version=1,
    title="Event level, half overlapping",
    description=(
        "Runs of frames above the threshold are alarms, alarms at most a second apart are one, "
        "and an alarm finds an event if they share at least half of their union (temporal IoU "
        f"0.5), one alarm for one event. Raw scores. {NEAREST} {THRESHOLD}"
    ),
    settings=Settings(level="event", metric="event_f1", merge_gap_seconds=1.0, iou=0.5),
)
EVENT_TOUCHED = Preset(
    slug="event-touched",
    version=1,
    title="Event level, touched",
    description=(
        "As event level, but an alarm finds every event that it touches, as it does for a guard "
        f"who looks when it rings. {THRESHOLD}"
    ),
    settings=Settings(level="event", metric="event_f1", merge_gap_seconds=1.0),
)
PRESETS = (
    RAW, PER_VIDEO, MACRO, MACRO_PADDED, SCORED_ONLY, AVERAGE_PRECISION, CLIP, EVENT,
    EVENT_TOUCHED,
)  # fmt: skip


def ensure_protocols() -> list[Protocol]:
    """The presets as rows, in their order; rows that exist are never changed."""
    there = _rows()
    missing = [preset for preset in PRESETS if (preset.slug, preset.version) not in there]
    if missing:
        # One that another request inserts meanwhile is left as that has made it.
        Protocol.objects.bulk_create(map(_row, missing), ignore_conflicts=True)
        there = _rows()
    return [there[preset.slug, preset.version] for preset in PRESETS]


def _rows() -> dict[tuple[str, int], Protocol]:
    return {(row.slug, row.version): row for row in Protocol.objects.filter(team=None)}


def _row(preset: Preset) -> Protocol:
    return Protocol(
        slug=preset.slug,
        version=preset.version,
        title=preset.title,
        description=preset.description,
        settings=preset.settings.to_json(),
    )

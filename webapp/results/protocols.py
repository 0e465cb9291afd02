"""The protocols that every installation has: named, versioned ways to compute the numbers."""

from __future__ import annotations

from dataclasses import dataclass

from ml.evaluation import Settings
from webapp.results.models import Protocol

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
PRESETS = (RAW, PER_VIDEO, MACRO, MACRO_PADDED, SCORED_ONLY, AVERAGE_PRECISION)


def ensure_protocols() -> list[Protocol]:
    """The presets as rows, in their order; rows that exist are never changed."""
    there = {(row.slug, row.version): row for row in Protocol.objects.all()}
    return [there.get((preset.slug, preset.version)) or _insert(preset) for preset in PRESETS]


def _insert(preset: Preset) -> Protocol:
    return Protocol.objects.get_or_create(
        slug=preset.slug,
        version=preset.version,
        defaults={
            "title": preset.title,
            "description": preset.description,
            "settings": preset.settings.to_json(),
        },
    )[0]

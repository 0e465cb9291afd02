"""The protocols that every installation has: named, versioned ways to compute the numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webapp.results.models import Protocol


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A protocol as the code defines it. To change one, add its next version."""

    slug: str
    version: int
    title: str
    description: str
    settings: dict[str, Any]


# Filling the gaps lets every method answer for the same frames: one that leaves out frames
# cannot do better by it.
RAW = Preset(
    slug="frame-raw",
    version=1,
    title="Frame level, raw scores",
    description=(
        "The frames of all test videos are pooled and ranked by their scores as the method "
        "gave them. A frame without a score takes that of the nearest frame of its video "
        "that has one."
    ),
    settings={"normalisation": "none", "missing": "nearest"},
)
PER_VIDEO = Preset(
    slug="frame-per-video",
    version=1,
    title="Frame level, normalised per video",
    description=(
        "As with raw scores, but the scores of each video are first stretched to 0…1 by its "
        "own lowest and highest; a video whose scores are all equal gets 0. Common in papers, "
        "yet it looks at the whole video first and gives every normal video a frame of score 1."
    ),
    settings={"normalisation": "per_video", "missing": "nearest"},
)
PRESETS = (RAW, PER_VIDEO)


def ensure_protocols() -> list[Protocol]:
    """The presets as rows, in their order; rows that exist are never changed."""
    return [
        Protocol.objects.get_or_create(
            slug=preset.slug,
            version=preset.version,
            defaults={
                "title": preset.title,
                "description": preset.description,
                "settings": preset.settings,
            },
        )[0]
        for preset in PRESETS
    ]

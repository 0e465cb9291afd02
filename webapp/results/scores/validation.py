"""Scores of validation videos: what thresholds are chosen on, kept apart from every number."""

from __future__ import annotations

from ml.scores.fusion import Recipe
from webapp.results.models import ScoreSet
from webapp.results.scores.reading import VideoScored, score_sets_of, scored_videos


def scored_validation(score_set: ScoreSet) -> list[VideoScored]:
    """All validation videos with scores, by name."""
    if not score_set.validation_hash:
        return []
    return scored_videos(score_set, "validation")


def fused_hashes(recipe: Recipe) -> dict[str, str]:
    """By run id, the hashes of the members' validation scores; empty unless all have some."""
    found = {pk: each.validation_hash for pk, each in score_sets_of(recipe).items()}
    return found if all(found.values()) else {}

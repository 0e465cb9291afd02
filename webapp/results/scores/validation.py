"""Scores of validation videos: what thresholds are chosen on, kept apart from every number."""

from __future__ import annotations

from ml.normal import NORMAL
from ml.records import Scores
from ml.scores.fusion import Recipe
from webapp.datasets.models import AnnotationSet, Interval, Video
from webapp.results.models import ScoreSet
from webapp.results.scores.reading import (
    VideoScored,
    describe,
    places_of,
    read_validation,
    score_sets_of,
)


def scored_validation(score_set: ScoreSet) -> list[VideoScored]:
    """All validation videos with scores, by name."""
    if not score_set.validation_hash:
        return []
    return describe(score_set, places_of(read_validation(score_set)))


def fused_hashes(recipe: Recipe) -> dict[str, str]:
    """By run id, the hashes of the members' validation scores; empty unless all have some."""
    found = {pk: each.validation_hash for pk, each in score_sets_of(recipe).items()}
    return found if all(found.values()) else {}


def validation_to_judge(score_set: ScoreSet, annotation_set: AnnotationSet) -> dict[str, Scores]:
    """Scores of the validation videos whose frames are known to be normal or abnormal.

    One that is labelled as abnormal, and in which nobody has marked where, is left out.
    """
    if not score_set.validation_hash:
        return {}
    scores = read_validation(score_set)
    annotated = Interval.objects.filter(annotation_set=annotation_set).values("video")
    unclear = Video.objects.filter(pk__in=list(scores)).exclude(label__in=["", NORMAL])
    left_out = set(unclear.exclude(pk__in=annotated).values_list("pk", flat=True))
    return {pk: each for pk, each in scores.items() if pk not in left_out}

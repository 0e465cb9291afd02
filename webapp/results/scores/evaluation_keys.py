"""By which the numbers that this evaluator makes of scores are found."""

from __future__ import annotations

from typing import Any

from ml.evaluation import EVALUATOR_VERSION
from webapp.results.models import ScoreSet


def evaluations_key(score_set: ScoreSet) -> dict[str, Any]:
    """Against the ground truth that the run was submitted with. `score_set.run` comes joined."""
    return {
        "score_set": score_set,
        "annotation_set": score_set.run.annotation_set,
        "evaluator_version": EVALUATOR_VERSION,
    }


def hashes_of(score_set: ScoreSet) -> dict[str, str]:
    return {
        "score_hash": score_set.content_hash,
        "annotation_hash": score_set.run.annotation_set.content_hash,
    }

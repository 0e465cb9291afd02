"""Scores, protocols and the evaluations made of the two."""

from webapp.results.models.evaluations import (
    Evaluation,
    EvaluationQuerySet,
    PooledEvaluation,
    ScoreOverview,
)
from webapp.results.models.explanations import (
    ERRORS,
    GRAD_CAM,
    PICTURES,
    SEGMENTS,
    Explanation,
    PendingExplanation,
    sheet_name,
)
from webapp.results.models.protocols import Protocol, ProtocolQuerySet
from webapp.results.models.scores import (
    PendingScores,
    ScoreSet,
    ScoreSetQuerySet,
    StoredScores,
    ValidationScores,
    VideoScores,
)
from webapp.results.models.shortcuts import ShortcutBaseline

__all__ = [
    "ERRORS",
    "GRAD_CAM",
    "PICTURES",
    "SEGMENTS",
    "Evaluation",
    "EvaluationQuerySet",
    "Explanation",
    "PendingExplanation",
    "PendingScores",
    "PooledEvaluation",
    "Protocol",
    "ProtocolQuerySet",
    "ScoreOverview",
    "ScoreSet",
    "ScoreSetQuerySet",
    "ShortcutBaseline",
    "StoredScores",
    "ValidationScores",
    "VideoScores",
    "sheet_name",
]

"""Numbers that take seconds of stored scores, kept for whoever asks again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from django.core.cache import cache

from ml.evaluation import EVALUATOR_VERSION
from webapp.results.models import ScoreSet

Value = TypeVar("Value")
KEPT_SECONDS = 86_400


def kept(score_set: ScoreSet, name: str, compute: Callable[[], Value]) -> Value:
    """What `compute` gives, or gave for this `name` before in this process of the site.

    `name` holds everything that decides the value besides the scores and the ground truth of
    their run, neither of which ever changes.
    """
    truth = score_set.run.annotation_set_id
    key = f"scores_{score_set.pk}_{truth}_v{EVALUATOR_VERSION}_{name}"
    return cast(Value, cache.get_or_set(key, compute, KEPT_SECONDS))

"""Evaluations that the evaluator of now made, and the one number shown where there is room for one.

That is frame-level AUROC under the default protocol.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import F, FloatField, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from ml.evaluation import EVALUATOR_VERSION
from webapp.accounts.models import Team
from webapp.results.models import Evaluation, EvaluationQuerySet
from webapp.results.protocols.presets import RAW as DEFAULT
from webapp.runs.models import Run

# What a list of evaluations has no use for.
LONG = ("per_video", "per_class", "roc", "pr", "replicate_values")
IS_CURRENT = Q(evaluator_version=EVALUATOR_VERSION)
IS_DEFAULT = Q(protocol__slug=DEFAULT.slug, protocol__version=DEFAULT.version)


def headline_evaluations(runs: Iterable[Run]) -> dict[str, Evaluation]:
    """The evaluation of each run under the default protocol, by run id, where there is one."""
    found = _headlines().filter(score_set__run__in=list(runs))
    return {evaluation.score_set.run_id: evaluation for evaluation in found}


def best_evaluations(team: Team) -> list[Evaluation]:
    """The best run of each dataset of `team`, by dataset name."""
    auroc = Cast(KT("metrics__auroc"), FloatField())
    of_team = _headlines().filter(score_set__run__team=team).annotate(auroc=auroc)
    dataset = ["score_set__run__dataset__name", "score_set__run__dataset_id"]
    best = of_team.filter(auroc__isnull=False).order_by(*dataset, F("auroc").desc())
    return list(
        best.distinct(*dataset).select_related("score_set__run__dataset", "score_set__run__method")
    )


def evaluations_of(run: Run) -> list[Evaluation]:
    """Every protocol's, the default one first."""
    of_run = Evaluation.objects.filter(IS_CURRENT, score_set__run=run)
    found = of_run.select_related("protocol").defer("replicate_values")
    return sorted(found, key=lambda each: (each.protocol.slug != DEFAULT.slug, each.protocol.slug))


def _headlines() -> EvaluationQuerySet:
    """Without the lists, which are long."""
    evaluations = Evaluation.objects.filter(IS_CURRENT & IS_DEFAULT).select_related(
        "score_set", "protocol"
    )
    return evaluations.defer(*LONG)

"""What is to be made of the scores of a run, and which runs lack some of it.

Numbers under every protocol that the team is offered, and an overview that no protocol decides.
The run that scores the last fold of a cross-validation brings the numbers of all folds together,
too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from ml.evaluation.material import Material
from webapp.results.models import (
    Evaluation,
    PooledEvaluation,
    Protocol,
    ScoreOverview,
    ScoreSet,
)
from webapp.results.protocols.choice import offered_protocols
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.results.scores.evaluation_keys import evaluations_key
from webapp.results.scores.pooling import CrossValidation, pooled_key
from webapp.results.scores.with_ground_truth import material_of
from webapp.runs.models import Run, RunQuerySet


@dataclass(frozen=True, kw_only=True)
class Task:
    """`protocols` under which the scores of these sets, together, have no numbers yet."""

    score_sets: Sequence[ScoreSet]
    protocols: Sequence[Protocol]
    is_pooled: bool = False
    needs_overview: bool = False

    def material(self) -> Material:
        """Folds have validation videos of their own, which decide nothing together."""
        first = self.score_sets[0]
        return material_of(
            self.score_sets,
            first.run.annotation_set,
            has_validation=bool(first.validation_hash) and not self.is_pooled,
            is_pooled=self.is_pooled,
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "score_sets": [score_set.pk for score_set in self.score_sets],
            "protocols": [protocol.pk for protocol in self.protocols],
            "is_pooled": self.is_pooled,
        }


def tasks_of(run: Run, asked: Iterable[int] = ()) -> list[Task]:
    """What the scores of `run` lack. `asked` are ids of further protocols, such as old versions.

    `run` comes joined with its team.
    """
    protocols = offered_protocols(run.team)
    further = Protocol.objects.of_team(run.team).filter(pk__in=list(asked))
    protocols += further.exclude(pk__in=[each.pk for each in protocols])
    tasks = [*_own(run, protocols), *_of_folds(run, protocols)]
    return [task for task in tasks if task.protocols or task.needs_overview]


def lacking(
    runs: RunQuerySet, protocols: Sequence[Protocol], *, needs_overview: bool = False
) -> RunQuerySet:
    """Those of the scored `runs` without numbers under one of `protocols`, or without overview.

    Protocols of a team are for its own runs.
    """
    teams = {each.team_id for each in protocols} - {None}
    scored = runs.scored().filter(team__in=teams) if teams else runs.scored()
    counted = scored.annotate(n_evaluations=Coalesce(Subquery(_n_evaluations(protocols)), 0))
    is_lacking = Q(n_evaluations__lt=len(protocols))
    if needs_overview:
        is_lacking |= Q(~Exists(_of_outer_run(ScoreOverview)))
    return counted.filter(is_lacking)


def _n_evaluations(protocols: Sequence[Protocol]) -> QuerySet[Any]:
    found = _of_outer_run(Evaluation).filter(protocol__in=protocols).order_by()
    return found.values("score_set__run").annotate(n=Count("pk")).values("n")


def _of_outer_run(table: type[Evaluation | ScoreOverview]) -> QuerySet[Any]:
    """By this evaluator, against the ground truth that the run was submitted with."""
    rows: QuerySet[Any] = table._default_manager.filter(IS_CURRENT)
    return rows.filter(score_set__run=OuterRef("pk"), annotation_set=OuterRef("annotation_set"))


def score_sets_for(**wanted: Any) -> QuerySet[ScoreSet]:
    """As tasks need them."""
    return ScoreSet.objects.filter(**wanted).select_related("run__annotation_set").order_by("pk")


def folds_of(run: Run) -> list[CrossValidation]:
    """Those that `run` is one of, where they can be brought together."""
    folds = CrossValidation.of(run)
    return [] if folds is None or folds.refusal else [folds]


def _own(run: Run, protocols: Sequence[Protocol]) -> list[Task]:
    return [
        Task(
            score_sets=[each],
            protocols=_missing(Evaluation, evaluations_key(each), protocols),
            needs_overview=not ScoreOverview.objects.filter(**evaluations_key(each)).exists(),
        )
        for each in score_sets_for(run=run)
    ]


def _of_folds(run: Run, protocols: Sequence[Protocol]) -> list[Task]:
    tasks = []
    for folds in folds_of(run):
        sets = list(score_sets_for(run__in=folds.runs))
        missing = _missing(PooledEvaluation, pooled_key(sets), protocols)
        tasks.append(Task(score_sets=sets, protocols=missing, is_pooled=True))
    return tasks


def _missing(
    table: type[Evaluation | PooledEvaluation], key: dict[str, Any], protocols: Sequence[Protocol]
) -> list[Protocol]:
    there = set(table.objects.filter(**key).values_list("protocol_id", flat=True))
    return [protocol for protocol in protocols if protocol.pk not in there]

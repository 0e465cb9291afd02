"""Runs that belong together: the folds of one cross-validation, and seeds of one configuration.

Their scores are pooled by the job that evaluates the last fold, never while a page is drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import mean, stdev
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from ml.evaluation import EVALUATOR_VERSION, METRICS, Metric, Settings
from ml.records import hash_of
from webapp.datasets.models import Part, Split, SplitMember, Video
from webapp.results.headlines import IS_CURRENT, LONG
from webapp.results.models import Evaluation, PooledEvaluation, Protocol, ScoreSet
from webapp.runs.models import Run, RunQuerySet

MAX_SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Fold:
    """One fold and the newest scored run on it; None where there is no such run."""

    number: int
    split: Split
    run: Run | None


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Mean over `n` runs; one run alone has no deviation."""

    n: int
    mean: float
    deviation: float | None


@dataclass(frozen=True, kw_only=True)
class FoldRow:
    """One number over the folds: of all their scores together, and the mean of theirs."""

    name: str
    metric: Metric
    pooled: float | None
    interval: list[float] | None
    averaged: Spread | None
    by_fold: list[float | None]


class CrossValidation:
    """The folds of the split that `run` is on, each with its run of the same configuration."""

    def __init__(self, run: Run) -> None:
        self.run = run

    @classmethod
    def of(cls, run: Run) -> CrossValidation | None:
        """None without folds. A virtual run is a recipe of its own on each."""
        is_fold = run.split.fold is not None and run.kind != Run.Kind.VIRTUAL
        return cls(run) if is_fold else None

    @cached_property
    def folds(self) -> list[Fold]:
        """By number. The newest of several runs on one fold counts."""
        split = self.run.split
        alike = Split.objects.filter(
            dataset=split.dataset_id, name=split.name, version=split.version, fold__isnull=False
        )
        of_fold: dict[str, Run] = {}
        scored = same_configuration(self.run).filter(seed=self.run.seed, split__in=alike).scored()
        for run in scored.order_by("pk").select_related("score_set"):
            of_fold[run.split_id] = run
        return [
            Fold(number=each.fold or 0, split=each, run=of_fold.get(each.pk))
            for each in alike.order_by("fold")
        ]

    @property
    def runs(self) -> list[Run]:
        return [fold.run for fold in self.folds if fold.run]

    @property
    def missing(self) -> list[int]:
        """Numbers of the folds that nobody has scored."""
        return [fold.number for fold in self.folds if fold.run is None]

    @property
    def is_replaced(self) -> bool:
        """A newer run on its fold counts in its place."""
        return self.run.scored_at is not None and self.run not in self.runs

    @cached_property
    def refusal(self) -> str:
        """Why the scores of the folds cannot be pooled, in a sentence; empty where they can."""
        if self.missing:
            numbers = ", ".join(map(str, self.missing))
            return _("Not pooled: without a scored run are folds %s.") % numbers
        if len({run.annotation_set_id for run in self.runs}) > 1:
            return _("Not pooled: the folds were scored against other ground truth.")
        if twice := self._tested_twice():
            return _("Not pooled: several folds test on %s.") % twice
        return ""

    def _tested_twice(self) -> str:
        tested = SplitMember.objects.filter(
            split__in=[fold.split.pk for fold in self.folds], part=Part.TEST
        )
        counts = Counter(tested.values_list("video_id", flat=True))
        repeated = [pk for pk, n in counts.items() if n > 1]
        names = Video.objects.filter(pk__in=repeated).values_list("name", flat=True)
        shown = ", ".join(names[:MAX_SHOWN])
        return shown + (f" … +{len(repeated) - MAX_SHOWN}" if len(repeated) > MAX_SHOWN else "")

    @property
    def pool_hash(self) -> str:
        return pool_hash(run.score_set.pk for run in self.runs)

    @cached_property
    def pooled(self) -> dict[int, PooledEvaluation]:
        """By protocol id; empty where the folds cannot be pooled."""
        if self.refusal:
            return {}
        found = PooledEvaluation.objects.filter(IS_CURRENT, pool_hash=self.pool_hash)
        return {each.protocol_id: each for each in found.select_related("protocol")}

    @cached_property
    def evaluations(self) -> dict[int, dict[str, Evaluation]]:
        """Of the folds' runs: by protocol id, then by run id."""
        found: dict[int, dict[str, Evaluation]] = {}
        for each in evaluations_by_own_truth(self.runs):
            found.setdefault(each.protocol_id, {})[each.score_set.run_id] = each
        return found

    def rows(self, protocol: Protocol) -> list[FoldRow]:
        """Every number that some fold has under `protocol`, the leading one first."""
        leading = Settings.from_json(protocol.settings).metric
        names = sorted(METRICS, key=lambda name: name != leading)
        rows = [self._row(name, protocol) for name in names]
        return [row for row in rows if row.averaged or row.pooled is not None]

    def _row(self, name: str, protocol: Protocol) -> FoldRow:
        pooled = self.pooled.get(protocol.pk)
        found = self.evaluations.get(protocol.pk, {})
        by_fold = [
            number(found.get(fold.run.pk), name) if fold.run else None for fold in self.folds
        ]
        return FoldRow(
            name=name,
            metric=METRICS[name],
            pooled=pooled.metrics.get(name) if pooled else None,
            interval=pooled.intervals.get(name) if pooled else None,
            averaged=spread_of(by_fold),
            by_fold=by_fold,
        )


def pool_hash(score_sets: Iterable[str]) -> str:
    """Of the ids of the score sets of all folds."""
    return hash_of(sorted(score_sets))


def pooled_key(score_sets: Sequence[ScoreSet]) -> dict[str, Any]:
    """By which the evaluations that this evaluator makes of all folds together are found."""
    return {
        "pool_hash": pool_hash(each.pk for each in score_sets),
        "annotation_set": score_sets[0].run.annotation_set,
        "evaluator_version": EVALUATOR_VERSION,
    }


def same_configuration(run: Run) -> RunQuerySet:
    """Runs of the team that differ at most in their seed, data and name."""
    return Run.objects.filter(
        team=run.team_id,
        kind=run.kind,
        method=run.method_id,
        method_title=run.method_title,
        config=run.config,
        features=run.features,
        selection=run.selection,
        recipe=run.recipe,
    )


def seeds_of(run: Run) -> list[Run]:
    """The newest scored run of each seed of its configuration, on its split and ground truth."""
    alike = same_configuration(run).filter(split=run.split_id, annotation_set=run.annotation_set_id)
    by_seed = {each.seed: each for each in alike.scored().order_by("pk")}
    return [by_seed[seed] for seed in sorted(by_seed)]


def seed_spreads(runs: Iterable[Run], protocol: Protocol) -> dict[str, Spread]:
    """Mean and deviation of each number under `protocol`."""
    found = [each for each in evaluations_by_own_truth(runs) if each.protocol_id == protocol.pk]
    spreads = {name: spread_of(number(each, name) for each in found) for name in METRICS}
    return {name: spread for name, spread in spreads.items() if spread}


def evaluations_by_own_truth(runs: Iterable[Run]) -> list[Evaluation]:
    """Of each run against the ground truth that it was submitted with."""
    found = Evaluation.objects.filter(
        IS_CURRENT,
        score_set__run__in=list(runs),
        annotation_set=F("score_set__run__annotation_set"),
    )
    return list(found.select_related("score_set", "protocol").defer(*LONG))


def spread_of(values: Iterable[float | None]) -> Spread | None:
    """Of the values that are defined; None without any."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    deviation = stdev(known) if len(known) > 1 else None
    return Spread(n=len(known), mean=mean(known), deviation=deviation)


def number(evaluation: Evaluation | None, name: str) -> float | None:
    metrics: Mapping[str, Any] = evaluation.metrics if evaluation else {}
    return metrics.get(name)

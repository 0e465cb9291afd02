"""The numbers of a cross-validation: pooled, averaged, and of each fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Count

from ml.evaluation import METRICS, Metric, Settings
from ml.normal import is_normal
from webapp.datasets.models import Part, SplitMember
from webapp.results.models import Evaluation, PooledEvaluation, Protocol
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.results.scores.pooling import CrossValidation
from webapp.results.studies.spreads import Spread, evaluations_by_own_truth, number, spread_of


@dataclass(frozen=True, kw_only=True)
class FoldRow:
    """One number over the folds: of all their scores together, and the mean of theirs."""

    name: str
    metric: Metric
    pooled: float | None
    interval: list[float] | None
    averaged: Spread | None
    by_fold: list[float | None]


@dataclass(frozen=True, kw_only=True)
class FoldSize:
    """Normal and abnormal videos of each part of a fold, by their labels."""

    number: int
    train: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]


class FoldTable(CrossValidation):
    """With the numbers of the folds, and of all of them together where they were pooled."""

    @cached_property
    def pooled(self) -> dict[int, PooledEvaluation]:
        """By protocol id; empty where the folds cannot be pooled."""
        if self.refusal:
            return {}
        found = PooledEvaluation.objects.filter(IS_CURRENT, pool_hash=self.pool_hash)
        return {each.protocol_id: each for each in found.select_related("protocol")}

    @cached_property
    def sizes(self) -> list[FoldSize]:
        """How many videos each fold learns from and tests on, and how many of these are normal."""
        members = SplitMember.objects.filter(split__in=[fold.split.pk for fold in self.folds])
        rows = members.values_list("split", "part", "video__label").annotate(n=Count("pk"))
        counts: dict[tuple[str, str, bool], int] = Counter()
        for split, part, label, n in rows.order_by():
            counts[split, part, not label or is_normal(label)] += n
        return [
            FoldSize(
                number=fold.number,
                train=_pair(counts, fold.split.pk, Part.TRAIN),
                validation=_pair(counts, fold.split.pk, Part.VALIDATION),
                test=_pair(counts, fold.split.pk, Part.TEST),
            )
            for fold in self.folds
        ]

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


def _pair(counts: Mapping[tuple[str, str, bool], int], split: str, part: str) -> tuple[int, int]:
    return counts.get((split, part, True), 0), counts.get((split, part, False), 0)

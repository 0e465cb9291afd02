"""The runs of a dataset under one protocol, ranked, beside what papers report."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import mean, stdev

from ml.evaluation import METRICS, Settings
from ml.records import hash_of
from webapp.datasets.models import AnnotationSet, Dataset, Split
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.results.studies.rank_groups import rank_groups
from webapp.results.studies.reported import Reported, reported_on
from webapp.runs.models import Run

HEAVY = ("per_video", "per_class", "roc", "pr")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A run in its place. `group` 1 holds the best and all that are not clearly worse."""

    rank: int
    group: int
    evaluation: Evaluation
    value: float
    interval: list[float] | None

    @property
    def run(self) -> Run:
        run: Run = self.evaluation.score_set.run
        return run

    @property
    def supervision(self) -> str:
        """What its method was told in training; empty where nobody said."""
        return self.run.method.supervision if self.run.method else self.run.supervision


@dataclass(frozen=True, kw_only=True)
class Seeds:
    """Runs of one configuration that differ in their seed alone."""

    name: str
    n: int
    mean: float
    deviation: float
    is_selected_on_test: bool


@dataclass(frozen=True, kw_only=True)
class Board:
    """Entries that may be ranked together: the same split and ground truth."""

    split: Split
    annotation_set: AnnotationSet
    entries: list[Entry]

    @property
    def figure_id(self) -> str:
        return f"board-{self.split.pk}-{self.annotation_set.pk}"

    @cached_property
    def seeds(self) -> list[Seeds]:
        """Mean and standard deviation where a configuration has several seeds."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            run = entry.run
            facts = [run.kind, run.method_name, run.config, run.features, run.selection]
            key = hash_of([*facts, run.weights_id])
            found.setdefault(key, []).append(entry)
        return [_seeds(group) for group in found.values() if len({e.run.seed for e in group}) > 1]


class Leaderboard:
    def __init__(self, dataset: Dataset, protocol: Protocol) -> None:
        self.dataset = dataset
        self.protocol = protocol
        self.metric_name = Settings.from_json(protocol.settings).metric
        self.metric = METRICS[self.metric_name]

    @property
    def reported(self) -> list[Reported]:
        """Claims of papers about the benchmark that the dataset is, made by this protocol."""
        return reported_on(self.dataset.benchmark, self.protocol.slug)

    @cached_property
    def boards(self) -> list[Board]:
        """One per split and ground truth, the newest first."""
        found: dict[tuple[Split, AnnotationSet], list[Evaluation]] = {}
        for evaluation in self._evaluations():
            key = evaluation.score_set.run.split, evaluation.annotation_set
            found.setdefault(key, []).append(evaluation)
        newest = sorted(found, key=lambda key: (key[1].version, key[0].pk), reverse=True)
        return [
            Board(split=split, annotation_set=truth, entries=self._ranked(found[split, truth]))
            for split, truth in newest
        ]

    def _evaluations(self) -> list[Evaluation]:
        found = Evaluation.objects.filter(
            IS_CURRENT, protocol=self.protocol, score_set__run__dataset=self.dataset
        )
        joined = ("score_set__run__method", "score_set__run__split", "annotation_set")
        return list(found.select_related(*joined).defer(*HEAVY))

    def _ranked(self, evaluations: list[Evaluation]) -> list[Entry]:
        name, sign = self.metric_name, -1 if self.metric.higher_is_better else 1
        known = [each for each in evaluations if each.metrics.get(name) is not None]
        ordered = sorted(known, key=lambda each: (sign * each.metrics[name], each.pk))
        groups = rank_groups(ordered, name)
        return [
            Entry(
                rank=rank,
                group=group,
                evaluation=each,
                value=each.metrics[name],
                interval=each.intervals.get(name),
            )
            for rank, (each, group) in enumerate(zip(ordered, groups, strict=True), start=1)
        ]


def _seeds(entries: list[Entry]) -> Seeds:
    values = [entry.value for entry in entries]
    return Seeds(
        name=entries[0].run.method_name,
        n=len(values),
        mean=mean(values),
        deviation=stdev(values),
        is_selected_on_test=any(entry.run.is_selected_on_test for entry in entries),
    )

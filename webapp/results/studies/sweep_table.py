"""A sweep as a table: a row per configuration, its runs over seeds and folds in one number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from django.db.models import F
from numpy.typing import NDArray

from ml import metrics
from ml.evaluation import METRICS, Metric, Settings
from webapp.common.schema import fields_of, to_text
from webapp.jobs.models import ENDED_BADLY, Job
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.results.studies.comparison import MAX_RUNS
from webapp.results.studies.printed import printed_for
from webapp.results.studies.rank_groups import draws_of, replicates_of
from webapp.results.studies.reported import Reported
from webapp.results.studies.seed_ensembles import SeedEnsemble, seed_ensembles
from webapp.results.studies.spreads import Spread, evaluations_by_own_truth, spread_of
from webapp.runs.grid import variant_title, varied_fields
from webapp.runs.models import Run, Sweep

HEAVY = ("per_video", "per_class", "thresholds", "roc", "pr")
# Beside the number that leads; what a protocol does not compute is left out.
BESIDE = ("auroc", "average_precision", "equal_error_rate", "event_f1", "false_alarms_per_hour")
PLACES: dict[str, str] = {
    Job.Status.SUCCEEDED: "scored",
    **dict.fromkeys(Job.ACTIVE, "running"),
    **dict.fromkeys(Job.WAITING, "waiting"),
    **dict.fromkeys(ENDED_BADLY, "failed"),
    Job.Status.CANCELLED: "cancelled",
}
Over = Literal["", "seeds", "folds"]


@dataclass(frozen=True, kw_only=True)
class SweepCell:
    """A number of a configuration: of its one run, or the mean over several.

    One run has the interval of its evaluation, by bootstrap over videos; several have the
    deviation between them. `difference` is to the first row, over the same drawn videos and
    seeds; the seeds are taken as they are, so its interval says nothing of other seeds.
    """

    value: float | None
    spread: Spread | None
    interval: list[float] | None
    difference: metrics.Comparison | None
    is_best: bool
    is_second: bool

    @property
    def is_clear(self) -> bool:
        """The interval of the difference leaves out 0."""
        if self.difference is None:
            return False
        low, high = self.difference.interval
        return low > 0 or high < 0


@dataclass(frozen=True, kw_only=True)
class EnsembleCell:
    """A virtual run, the mean of all seeds, and its leading number."""

    run: Run
    value: float | None


@dataclass(frozen=True, kw_only=True)
class SweepRow:
    number: int  # from 0 on
    title: str  # of its variant; empty without any
    values: list[str]  # of the fields that vary
    differs: list[bool]  # each of them from that of the first row
    runs: list[Run]
    cells: dict[str, SweepCell]  # by metric
    shown: list[SweepCell | None]  # of the numbers that there is room for
    n_evaluated: int
    printed: list[Reported]  # claims of papers about this configuration, by this protocol
    ensembles: list[EnsembleCell]  # the means of all its seeds that are there

    @property
    def marked_values(self) -> list[tuple[str, bool]]:
        return list(zip(self.values, self.differs, strict=True))

    @property
    def leading(self) -> SweepCell | None:
        """Of the number that leads."""
        return self.shown[0]

    @property
    def is_complete(self) -> bool:
        """All of its runs have numbers: only then it takes part in “best”."""
        return self.n_evaluated == len(self.runs)


class SweepTable:
    def __init__(self, sweep: Sweep, protocol: Protocol) -> None:
        self.sweep = sweep
        self.protocol = protocol
        self.metric_name = Settings.from_json(protocol.settings).metric
        self.metric = METRICS[self.metric_name]
        schema = sweep.method.schema
        labels = {field.name: field.label for field in fields_of(schema)}
        self.fields = varied_fields(schema, sweep.grid, sweep.variants)
        self.labels = [labels.get(name, name) for name in self.fields]

    @property
    def over(self) -> Over:
        """What the numbers of a row are means over: its seeds, else its folds, else nothing."""
        if len(self.sweep.seeds) > 1:
            return "seeds"
        return "folds" if len(self.sweep.folds) > 1 else ""

    @property
    def has_titles(self) -> bool:
        return any(variant["title"] for variant in self.sweep.variants)

    @cached_property
    def runs(self) -> list[Run]:
        """By row, fold and seed."""
        joined = ("current_job", "split", "annotation_set", "trained_by")
        found = self.sweep.runs.select_related(*joined)
        return list(found.order_by("sweep_row", "split__fold", "seed", "pk"))

    @property
    def states(self) -> dict[str, int]:
        """How many runs are where, without the places that none is in."""
        return dict(Counter(PLACES[run.status] for run in self.runs))

    @property
    def is_going_on(self) -> bool:
        return any(run.is_going_on for run in self.runs)

    @cached_property
    def evaluations(self) -> dict[str, Evaluation]:
        """By run id, each against the ground truth that the sweep was submitted with."""
        found = Evaluation.objects.filter(
            IS_CURRENT,
            protocol=self.protocol,
            score_set__run__sweep=self.sweep,
            annotation_set=F("score_set__run__annotation_set"),
        )
        kept = found.select_related("score_set").defer(*HEAVY)
        return {each.score_set.run_id: each for each in kept}

    @cached_property
    def names(self) -> list[str]:
        """Of every number that any run has, the leading one first."""
        known = {
            name
            for each in self.evaluations.values()
            for name, value in each.metrics.items()
            if value is not None
        }
        return sorted(known & set(METRICS), key=lambda n: (n != self.metric_name, _place(n)))

    @property
    def shown(self) -> dict[str, Metric]:
        """The numbers that there is room for."""
        names = [name for name in self.names if name == self.metric_name or name in BESIDE]
        return {name: METRICS[name] for name in names or [self.metric_name]}

    @cached_property
    def rows(self) -> list[SweepRow]:
        by_row: dict[int, list[Run]] = {}
        for run in self.runs:
            by_row.setdefault(run.sweep_row or 0, []).append(run)
        groups = [_Group(self, runs) for _row, runs in sorted(by_row.items())]
        best = {name: _two_best(groups, name) for name in self.names}
        return [self._row(group, groups[0], best) for group in groups]

    def _row(self, group: _Group, first: _Group, best: Mapping[str, Sequence[float]]) -> SweepRow:
        run = group.runs[0]
        number = run.sweep_row or 0
        cells = {}
        for name in self.names:
            value, ranked = group.value(name), best[name] if group.is_whole(name) else ()
            cells[name] = SweepCell(
                value=value,
                spread=group.spread(name),
                interval=group.interval(name),
                difference=None if group is first else _difference(group, first, name),
                is_best=value is not None and list(ranked[:1]) == [value],
                is_second=value is not None and list(ranked[1:]) == [value],
            )
        return SweepRow(
            number=number,
            title=variant_title(self.sweep.grid, self.sweep.variants, number),
            values=[to_text(run.config.get(name)) or "–" for name in self.fields],
            differs=[
                run.config.get(name) != first.runs[0].config.get(name) for name in self.fields
            ],
            runs=group.runs,
            cells=cells,
            shown=[cells.get(name) for name in self.shown],
            n_evaluated=sum(each is not None for each in group.evaluations),
            printed=self._printed(run),
            ensembles=self._ensembles_of(number),
        )

    def _ensembles_of(self, row: int) -> list[EnsembleCell]:
        made = [each.run for each in self.ensembles if (each.members[0].sweep_row or 0) == row]
        return [
            EnsembleCell(run=run, value=self._ensemble_numbers.get(run.pk)) for run in made if run
        ]

    @cached_property
    def _ensemble_numbers(self) -> dict[str, float | None]:
        """By the virtual run's id, under the protocol."""
        made = [each.run for each in self.ensembles if each.run]
        found = evaluations_by_own_truth(made) if made else []
        return {
            each.score_set.run_id: _number(each, self.metric_name)
            for each in found
            if each.protocol_id == self.protocol.pk
        }

    def _printed(self, run: Run) -> list[Reported]:
        benchmark = self.sweep.dataset.benchmark
        claims = printed_for(benchmark, self.sweep.method_id, run.config)
        return [claim for claim in claims if claim.protocol == self.protocol.slug]

    @cached_property
    def ensembles(self) -> list[SeedEnsemble]:
        """Of the configurations whose seeds are all scored."""
        return seed_ensembles(self.sweep, self.runs)

    @property
    def n_to_combine(self) -> int:
        return sum(each.run is None for each in self.ensembles)

    @property
    def has_printed(self) -> bool:
        return any(row.printed for row in self.rows)

    @property
    def compared(self) -> list[str]:
        """Ids of the first scored run of each row, as many as a comparison takes."""
        scored = [[run.pk for run in row.runs if run.pk in self.evaluations] for row in self.rows]
        return [runs[0] for runs in scored if runs][:MAX_RUNS]

    @property
    def best(self) -> SweepRow | None:
        """By the leading number. It was found by looking at the test split."""
        leading = self.metric_name
        return next(
            (row for row in self.rows if leading in row.cells and row.cells[leading].is_best), None
        )


class _Group:
    """The runs of one row and their numbers."""

    def __init__(self, table: SweepTable, runs: list[Run]) -> None:
        self.runs = runs
        self.over = table.over
        self.evaluations = [table.evaluations.get(run.pk) for run in runs]

    def is_whole(self, name: str) -> bool:
        """Every run has the number: a mean over fewer of them is another one."""
        return all(_number(each, name) is not None for each in self.evaluations)

    def spread(self, name: str) -> Spread | None:
        """Over the seeds whose folds are all there, or over the folds; None for a single run."""
        if not self.over:
            return None
        if self.over == "folds":
            return spread_of(_number(each, name) for each in self.evaluations)
        return spread_of(_mean(each, name) for each in self._by_seed().values())

    def value(self, name: str) -> float | None:
        if not self.over:
            return _number(self.evaluations[0], name)
        spread = self.spread(name)
        return spread.mean if spread else None

    def interval(self, name: str) -> list[float] | None:
        """Of a single run."""
        first = self.evaluations[0]
        return None if self.over or first is None else first.intervals.get(name)

    @cached_property
    def replicates(self) -> dict[str, NDArray[np.float64]]:
        """(R,) means over the runs by number; empty where they drew other videos."""
        if len({draws_of(each) for each in self.evaluations}) != 1:
            return {}
        drawn = [replicates_of(each) for each in self.evaluations]
        names = set.intersection(*map(set, drawn))
        return {name: np.mean([each[name] for each in drawn], axis=0) for name in names}

    def _by_seed(self) -> dict[int, list[Evaluation | None]]:
        found: dict[int, list[Evaluation | None]] = {}
        for run, evaluation in zip(self.runs, self.evaluations, strict=True):
            found.setdefault(run.seed, []).append(evaluation)
        return found


def _place(name: str) -> int:
    return list(METRICS).index(name)


def _number(evaluation: Evaluation | None, name: str) -> float | None:
    values: dict[str, Any] = evaluation.metrics if evaluation else {}
    return values.get(name)


def _mean(evaluations: Sequence[Evaluation | None], name: str) -> float | None:
    """None where one of them is missing: a mean over fewer folds is another number."""
    spread = spread_of(_number(each, name) for each in evaluations)
    return spread.mean if spread and spread.n == len(evaluations) else None


def _two_best(groups: Sequence[_Group], name: str) -> list[float]:
    """Of the rows that are whole, where there are two or more of them."""
    values = [group.value(name) for group in groups if group.is_whole(name)]
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return []
    return sorted(set(known), reverse=METRICS[name].higher_is_better)[:2]


def _difference(group: _Group, first: _Group, name: str) -> metrics.Comparison | None:
    """None where the two did not draw the same videos, or a number is missing or undefined."""
    if not group.is_whole(name) or not first.is_whole(name):
        return None
    value, of_first = group.value(name), first.value(name)
    own, other = group.replicates.get(name), first.replicates.get(name)
    if value is None or of_first is None or own is None or other is None:
        return None
    if draws_of(group.evaluations[0]) != draws_of(first.evaluations[0]):
        return None
    return metrics.compare(value, of_first, own, other)

"""The tables of a paper on one dataset: each printed number beside that of our runs.

Ours are the newest scored runs of a row's method on the chosen split and features, over all seeds
of their configuration. A row of several methods is their virtual runs, one for each seed that all
of them have.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeVar

from django.db.models import F
from django.http import Http404

from ml.evaluation import METRICS, Metric, Settings
from webapp.datasets.models import Dataset, FeatureSet, Split
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.choice import protocol_of
from webapp.results.scores.combining import plain_means
from webapp.results.studies.printed import (
    MADE_OF,
    SOUND,
    PrintedTable,
    Setting,
    benchmarks_printed,
    tables_on,
    way_of,
)  # fmt: skip
from webapp.results.studies.reported import Reported
from webapp.results.studies.spreads import (
    Spread,
    evaluations_by_own_truth,
    number,
    seeds_of,
    spread_of,
)  # fmt: skip
from webapp.runs.grid import changes_of
from webapp.runs.models import Run

WITH_SOUND = ("vggish", "audio", "sound")  # in the name of an extractor or a layout
Row = TypeVar("Row", Split, FeatureSet)
# Why a row has no number of ours.
Lacking = Literal["", "not_here", "other_features", "no_runs", "not_combined"]


@dataclass(frozen=True, kw_only=True)
class Ours:
    """Runs of one configuration, a run per seed. `changes`: their settings but for the paper's."""

    runs: list[Run]
    spread: Spread | None
    interval: list[float] | None  # of a single run
    changes: str

    @property
    def is_selected_on_test(self) -> bool:
        return any(run.is_selected_on_test for run in self.runs)


@dataclass(frozen=True, kw_only=True)
class PaperRow:
    claim: Reported
    settings: tuple[Setting, ...]
    way: str
    ours: Ours | None
    lacking: Lacking
    to_combine: list[tuple[Run, ...]]  # the members of each virtual run that is not there yet

    @property
    def difference(self) -> float | None:
        """Ours minus what is printed."""
        if self.ours is None or self.ours.spread is None:
            return None
        return self.ours.spread.mean - self.claim.value


@dataclass(frozen=True, kw_only=True)
class PaperTable:
    printed: PrintedTable
    protocol: Protocol
    metric_name: str
    rows: list[PaperRow]

    @property
    def metric(self) -> Metric:
        return METRICS[self.metric_name]


class PaperTables:
    """Of the tables about `benchmark`, which the dataset need not be.

    Beside them stand runs whose checkpoints were chosen by `selection`, or in any way.
    """

    def __init__(
        self,
        dataset: Dataset,
        benchmark: str,
        split: Split,
        feature_set: FeatureSet | None,
        selection: str = "",
    ) -> None:
        self.dataset = dataset
        self.benchmark = benchmark
        self.split = split
        self.feature_set = feature_set
        self.selection = selection
        self._runs: dict[str, list[Run]] = {}

    @property
    def feature_set_id_or_none(self) -> str | None:
        return self.feature_set.pk if self.feature_set else None

    @property
    def is_the_benchmark(self) -> bool:
        return self.dataset.benchmark == self.benchmark

    @cached_property
    def tables(self) -> list[PaperTable]:
        return [self._table(printed) for printed in tables_on(self.benchmark)]

    @property
    def to_combine(self) -> list[tuple[PaperRow, tuple[Run, ...]]]:
        """Every virtual run that is not there yet, once."""
        found = {
            frozenset(run.pk for run in members): (row, members)
            for table in self.tables
            for row in table.rows
            for members in row.to_combine
        }
        return list(found.values())

    @property
    def to_train(self) -> list[Setting]:
        """Settings of rows for these features of which nothing has been submitted here, once."""
        wanted = {
            setting.title: setting
            for table in self.tables
            for row in table.rows
            if row.lacking == "no_runs"
            for setting in row.settings
        }
        return [each for each in wanted.values() if not self._submitted(each).exists()]

    def _table(self, printed: PrintedTable) -> PaperTable:
        protocol = protocol_of(printed.protocol, None)
        metric_name = Settings.from_json(protocol.settings).metric
        return PaperTable(
            printed=printed,
            protocol=protocol,
            metric_name=metric_name,
            rows=[self._row(claim, protocol, metric_name) for claim in printed.claims],
        )

    def _row(self, claim: Reported, protocol: Protocol, metric_name: str) -> PaperRow:
        settings = MADE_OF.get(claim.method, ())
        lacking, runs, to_combine = self._found(claim, settings)
        return PaperRow(
            claim=claim,
            settings=settings,
            way=way_of(claim),
            ours=_ours(runs, settings, protocol, metric_name) if runs else None,
            lacking=lacking,
            to_combine=to_combine,
        )

    def _found(
        self, claim: Reported, settings: Sequence[Setting]
    ) -> tuple[Lacking, list[Run], list[tuple[Run, ...]]]:
        if not settings:
            return "not_here", [], []
        if (SOUND in claim.features) != has_sound(self.feature_set):
            return "other_features", [], []
        by_setting = [self._runs_of(setting) for setting in settings]
        if len(settings) == 1:
            [runs] = by_setting
            return ("" if runs else "no_runs"), runs, []
        groups = _by_shared_seed(by_setting)
        if not groups:
            return "no_runs", [], []
        mixed = [self._mixes.get(frozenset(run.pk for run in group)) for group in groups]
        there = [run for run in mixed if run]
        absent = [group for group, run in zip(groups, mixed, strict=True) if run is None]
        return ("" if there else "not_combined"), there, absent

    def _runs_of(self, setting: Setting) -> list[Run]:
        if setting.title not in self._runs:
            newest = self._submitted(setting).scored().order_by("-pk").first()
            self._runs[setting.title] = seeds_of(newest) if newest else []
        return self._runs[setting.title]

    def _submitted(self, setting: Setting) -> Any:
        found = Run.objects.filter(
            team=self.dataset.team_id,
            split=self.split,
            feature_set=self.feature_set,
            method=setting.method,
            kind=Run.Kind.TRAINED,
            config__contains=dict(setting.config),
        )
        return found.filter(selection=self.selection) if self.selection else found

    @cached_property
    def _mixes(self) -> dict[frozenset[str], Run]:
        return plain_means(self.dataset.team, [self.split])


def chosen_tables(
    dataset: Dataset,
    *,
    benchmark: str = "",
    split: str = "",
    features: str = "",
    selection: str = "",
) -> PaperTables | None:
    """By names and ids; what is not named is what the dataset is, or has newest.

    `selection` leaves runs alone whose checkpoints were chosen so. None where it has no split yet.
    Raise Http404 for what is not there.
    """
    printed = benchmarks_printed()
    wanted = benchmark or (dataset.benchmark if dataset.benchmark in printed else printed[0])
    if wanted not in printed:
        raise Http404(f"no tables on {wanted}")
    if selection and selection not in Run.SELECTIONS_HERE:
        raise Http404(f"no checkpoint is chosen by {selection}")
    chosen_split = _chosen(splits_of(dataset), split)
    feature_set = _chosen(list(dataset.feature_sets.ready()), features)
    if chosen_split is None:
        return None
    return PaperTables(dataset, wanted, chosen_split, feature_set, selection)


def splits_of(dataset: Dataset) -> list[Split]:
    """Newest first, a split before its folds."""
    return list(dataset.splits.order_by(F("fold").asc(nulls_first=True), "-pk"))


def _chosen(rows: list[Row], wanted: str) -> Row | None:
    """The wanted one, or the first where none is named. Raise Http404 for a stranger."""
    found = [row for row in rows if row.pk == wanted] if wanted else rows[:1]
    if wanted and not found:
        raise Http404(f"no {wanted} here")
    return found[0] if found else None


def has_sound(feature_set: FeatureSet | None) -> bool:
    """By its layout or by the extractor's name: nothing else says what numbers mean."""
    if feature_set is None:
        return False
    names = f"{feature_set.layout} {feature_set.extractor}".lower()
    return any(word in names for word in WITH_SOUND)


def _by_shared_seed(by_setting: Sequence[Sequence[Run]]) -> list[tuple[Run, ...]]:
    """A run of each setting, for each seed that all of them have."""
    of_seed = [{run.seed: run for run in runs} for runs in by_setting]
    shared = sorted(set.intersection(*map(set, of_seed)))
    return [tuple(each[seed] for each in of_seed) for seed in shared]


def _ours(
    runs: list[Run], settings: Sequence[Setting], protocol: Protocol, metric_name: str
) -> Ours:
    found = [each for each in evaluations_by_own_truth(runs) if each.protocol_id == protocol.pk]
    return Ours(
        runs=runs,
        spread=spread_of(number(each, metric_name) for each in found),
        interval=_interval(found, metric_name),
        changes=_changes(runs[0], settings[0]) if len(settings) == 1 else "",
    )


def _interval(found: Iterable[Evaluation], metric_name: str) -> list[float] | None:
    intervals = [each.intervals.get(metric_name) for each in found]
    return intervals[0] if len(intervals) == 1 else None


def _changes(run: Run, setting: Setting) -> str:
    """Settings that are neither the paper's nor what the row is about."""
    assert run.method is not None  # it was found by its method
    changed = {
        name: value for name, value in run.config.items() if setting.config.get(name) != value
    }
    return changes_of(run.method.schema, changed)

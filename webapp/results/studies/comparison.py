"""Several runs side by side under one protocol: what the comparison page and the API show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from numpy.typing import NDArray

from ml import metrics
from ml.evaluation import METRICS, Metric, Settings
from webapp.common.schema import to_text
from webapp.datasets.models import AnnotationSet, Video
from webapp.results.figures.charts import style_of
from webapp.results.models import Evaluation, Protocol
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.results.studies.rank_groups import draws_of, rank_groups, replicates_of
from webapp.runs.models import Run

MAX_RUNS = 10
FEW_VIDEOS = 10  # the AUC over fewer moves much with each of them
FACTS = ("method_name", "kind", "selection", "seed", "features", "supervision")
# Why two numbers have no difference of their own.
UNPAIRED: dict[str, tuple[str | Promise, str | Promise]] = {
    "other_data": (
        _("not paired: other data"),
        _("Its split or its ground truth is another one than the first run's."),
    ),
    "other_draws": (
        _("not paired: other videos"),
        _("The videos drawn for its interval are others than those drawn for the first run."),
    ),
    "no_draws": (
        _("not paired"),
        _("One of the two has no interval: fewer than two videos have this number."),
    ),
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """A run and what it reached, if it has been evaluated under the protocol."""

    run: Run
    evaluation: Evaluation | None
    is_alike: bool  # the same split and ground truth as the first
    label: str  # its name; runs of one name are told apart by the end of their id

    @property
    def hue(self) -> int:
        return style_of(self.run.pk)[0]

    @property
    def dash(self) -> int:
        return style_of(self.run.pk)[1]

    @cached_property
    def replicates(self) -> dict[str, NDArray[np.float64]]:
        return replicates_of(self.evaluation)

    def number(self, name: str) -> float | None:
        value: float | None = self.evaluation.metrics.get(name) if self.evaluation else None
        return value

    def interval(self, name: str) -> list[float] | None:
        """Lower and upper end; None where the number has none."""
        found: list[float] | None = self.evaluation.intervals.get(name) if self.evaluation else None
        return found


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number of one run; `difference` is to the first run, over the same drawn videos."""

    value: float | None
    interval: list[float] | None
    is_best: bool
    is_second: bool
    difference: metrics.Comparison | None
    unpaired: str  # key of UNPAIRED where there are two numbers and no difference

    @property
    def is_clear(self) -> bool:
        """The interval of the difference leaves out 0."""
        if self.difference is None:
            return False
        low, high = self.difference.interval
        return low > 0 or high < 0

    @property
    def unpaired_label(self) -> str | Promise:
        return UNPAIRED[self.unpaired][0]

    @property
    def unpaired_reason(self) -> str | Promise:
        return UNPAIRED[self.unpaired][1]


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    metric: Metric
    cells: list[Cell]


class ClassCell(NamedTuple):
    """Numbers of one kind and one run."""

    auroc: float | None
    interval: list[float] | None
    precision: float | None
    precision_interval: list[float] | None


@dataclass(frozen=True, kw_only=True)
class ClassRow:
    """AUC of one kind of anomaly against all normal frames, by run."""

    label: str
    n_videos: int
    values: list[float | None]
    intervals: list[list[float] | None]
    precisions: list[float | None]  # average precision, which is higher where a kind is frequent
    precision_intervals: list[list[float] | None]

    @property
    def cells(self) -> list[ClassCell]:
        """By run."""
        columns = (self.values, self.intervals, self.precisions, self.precision_intervals)
        return [ClassCell(*each) for each in zip(*columns, strict=True)]

    @property
    def is_few(self) -> bool:
        return self.n_videos < FEW_VIDEOS


class Comparison:
    """`runs` in their order, the first being what the others are compared with.

    Against the ground truth that each run was submitted with, or all against `truth`.
    """

    def __init__(
        self, runs: Sequence[Run], protocol: Protocol, truth: AnnotationSet | None = None
    ) -> None:
        self.protocol = protocol
        self.truth = truth
        self.metric_name = Settings.from_json(protocol.settings).metric
        self.metric = METRICS[self.metric_name]
        found = _evaluations(runs, protocol, truth)
        labels = labels_of(runs)
        self.columns = [
            Column(
                run=run,
                evaluation=found.get(run.pk),
                is_alike=_basis(run, truth) == _basis(runs[0], truth),
                label=label,
            )
            for run, label in zip(runs, labels, strict=True)
        ]

    @property
    def has_intervals(self) -> bool:
        """Of the leading number: a single test video gives none."""
        return any(column.interval(self.metric_name) for column in self.columns)

    @property
    def has_strangers(self) -> bool:
        """Some were scored on other videos or against other ground truth."""
        return not all(column.is_alike for column in self.columns)

    @cached_property
    def rows(self) -> list[Row]:
        """One per number that any run has, the leading one first."""
        names = sorted(METRICS, key=lambda name: name != self.metric_name)
        rows = [self._row(name, METRICS[name]) for name in names]
        return [row for row in rows if any(cell.value is not None for cell in row.cells)]

    def _row(self, name: str, metric: Metric) -> Row:
        best, second = _two_best(self.columns, name, metric)
        cells = [
            Cell(
                value=column.number(name),
                interval=column.interval(name),
                is_best=column.is_alike and best is not None and column.number(name) == best,
                is_second=column.is_alike and second is not None and column.number(name) == second,
                difference=_difference(column, self.columns[0], name),
                unpaired=_unpaired(column, self.columns[0], name),
            )
            for column in self.columns
        ]
        return Row(name=name, metric=metric, cells=cells)

    @cached_property
    def groups(self) -> list[int | None]:
        """Rank group of each column by the leading number, of those on the first one's data."""
        name, sign = self.metric_name, -1 if self.metric.higher_is_better else 1
        ranked = [
            (sign * value, place, column.evaluation)
            for place, column in enumerate(self.columns)
            if column.is_alike and column.evaluation and (value := column.number(name)) is not None
        ]
        ranked.sort(key=lambda each: each[:2])
        groups = rank_groups([evaluation for _value, _place, evaluation in ranked], name)
        found = {place: group for (_v, place, _e), group in zip(ranked, groups, strict=True)}
        return [found.get(place) for place in range(len(self.columns))]

    @cached_property
    def differing(self) -> list[tuple[str, list[str]]]:
        """Facts and settings in which the runs differ; equal rows are left out."""
        return _differing([_facts(each.run) | _settings(each.run) for each in self.columns])

    @cached_property
    def differing_facts(self) -> list[tuple[str, list[str]]]:
        """As `differing`, without settings."""
        return _differing([_facts(each.run) for each in self.columns])

    @cached_property
    def classes(self) -> list[ClassRow]:
        """By label."""
        found = [_by(column.evaluation, "per_class", "label") for column in self.columns]
        labels = {label for each in found for label in each}
        return [_class_row(label, found) for label in sorted(labels)]

    @cached_property
    def all_videos(self) -> list[tuple[Video, list[float | None]]]:
        """AUC of each scored video by run, by name."""
        found = [_by(column.evaluation, "per_video", "video_id") for column in self.columns]
        rows = {
            pk: [each.get(pk, {}).get("auroc") for each in found]
            for pk in dict.fromkeys(pk for each in found for pk in each)
        }
        videos = Video.objects.without_times().filter(pk__in=list(rows)).order_by("name")
        return [(video, rows[video.pk]) for video in videos]

    @cached_property
    def videos(self) -> list[tuple[Video, list[float | None]]]:
        """Those on which the runs differ, the most first."""
        ordered = sorted(self.all_videos, key=lambda row: -_spread(row[1]))
        return [(video, values) for video, values in ordered if _spread(values) > 0]


def _class_row(label: str, found: Sequence[dict[str, dict[str, Any]]]) -> ClassRow:
    of_runs = [each.get(label, {}) for each in found]

    def by_run(name: str) -> list[Any]:
        return [each.get(name) for each in of_runs]

    return ClassRow(
        label=label,
        n_videos=max(each.get("n_videos", 0) for each in of_runs),
        values=by_run("auroc_against_normal"),
        intervals=by_run("interval_against_normal"),
        precisions=by_run("average_precision"),
        precision_intervals=by_run("interval_average_precision"),
    )


def truths_of(runs: Iterable[Run]) -> list[AnnotationSet]:
    """Versions of the ground truth that any of `runs` was evaluated against, newest first."""
    evaluations = Evaluation.objects.filter(IS_CURRENT, score_set__run__in=list(runs))
    used = evaluations.order_by().values("annotation_set").distinct()
    return list(AnnotationSet.objects.filter(pk__in=used).order_by("dataset", "-version"))


def labels_of(runs: Sequence[Run]) -> list[str]:
    names = [run.name for run in runs]
    return [
        run.name if names.count(run.name) == 1 else f"{run.name} ·{run.pk[-4:]}" for run in runs
    ]


def _evaluations(
    runs: Iterable[Run], protocol: Protocol, truth: AnnotationSet | None
) -> dict[str, Evaluation]:
    found = Evaluation.objects.filter(
        IS_CURRENT, protocol=protocol, score_set__run__in=list(runs)
    ).select_related("score_set__run", "annotation_set")
    return {
        each.score_set.run_id: each
        for each in found
        if each.annotation_set_id == (truth.pk if truth else each.score_set.run.annotation_set_id)
    }


def _basis(run: Run, truth: AnnotationSet | None) -> tuple[str, str]:
    return run.split_id, truth.pk if truth else run.annotation_set_id


def _two_best(
    columns: Iterable[Column], name: str, metric: Metric
) -> tuple[float | None, float | None]:
    """Of the numbers that may be compared, where there are two or more of them."""
    numbers = [column.number(name) for column in columns if column.is_alike]
    known = [number for number in numbers if number is not None]
    if len(known) < 2:
        return None, None
    distinct = sorted(set(known), reverse=metric.higher_is_better)
    return distinct[0], distinct[1] if len(distinct) > 1 else None


def _unpaired(column: Column, first: Column, name: str) -> str:
    """Why the two numbers have no paired difference; empty where they have, or are not two."""
    if column is first or column.number(name) is None or first.number(name) is None:
        return ""
    if not column.is_alike:
        return "other_data"
    if name not in column.replicates or name not in first.replicates:
        return "no_draws"
    return "" if draws_of(column.evaluation) == draws_of(first.evaluation) else "other_draws"


def _difference(column: Column, first: Column, name: str) -> metrics.Comparison | None:
    """None where the two did not draw the same videos, or a number is undefined."""
    value, of_first = column.number(name), first.number(name)
    if column is first or value is None or of_first is None or _unpaired(column, first, name):
        return None
    return metrics.compare(value, of_first, column.replicates[name], first.replicates[name])


def _facts(run: Run) -> dict[str, str]:
    facts = {name.replace("_", " "): to_text(getattr(run, name)) or "–" for name in FACTS}
    facts["supervision"] = run.supervision or (run.method.supervision if run.method else "–")
    return facts | {"split": str(run.split), "ground truth": f"v{run.annotation_set.version}"}


def _settings(run: Run) -> dict[str, str]:
    return {name: to_text(value) or "–" for name, value in run.config.items()}


def _differing(described: Sequence[dict[str, str]]) -> list[tuple[str, list[str]]]:
    names = dict.fromkeys(name for each in described for name in each)
    rows = [(name, [each.get(name, "–") for each in described]) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _by(evaluation: Evaluation | None, field: str, key: str) -> dict[str, dict[str, Any]]:
    """The entries of one of its lists, by one of their fields."""
    return {each[key]: each for each in getattr(evaluation, field)} if evaluation else {}


def _spread(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return max(known) - min(known) if known else 0.0

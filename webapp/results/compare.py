"""Several runs side by side under one protocol: what the comparison page and the API show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ml import metrics
from ml.evaluation import METRICS, Metric
from webapp.datasets.models import Video
from webapp.results.charts import style_of
from webapp.results.headlines import IS_CURRENT
from webapp.results.models import Evaluation, Protocol
from webapp.runs.models import Run
from webapp.runs.schema import to_text

MAX_RUNS = 10
N_VIDEOS_SHOWN = 20
FACTS = ("method_name", "kind", "selection", "seed", "features", "supervision")


@dataclass(frozen=True, kw_only=True)
class Column:
    """A run and what it reached, if it has been evaluated under the protocol."""

    run: Run
    evaluation: Evaluation | None
    is_alike: bool  # the same split and ground truth as the first

    @property
    def hue(self) -> int:
        return style_of(self.run.pk)[0]

    @property
    def dash(self) -> int:
        return style_of(self.run.pk)[1]

    @cached_property
    def replicates(self) -> dict[str, Any]:
        """(R,) arrays by the name of the number."""
        if self.evaluation is None or not self.evaluation.replicates:
            return {}
        names = self.evaluation.replicates["names"]
        values = np.frombuffer(self.evaluation.replicate_values, "<f8").reshape(-1, len(names))
        return dict(zip(names, values.T, strict=True))


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A number of one run; `difference` is to the first run, over the same drawn videos."""

    value: float | None
    interval: list[float] | None
    is_best: bool
    difference: metrics.Comparison | None = None

    @property
    def is_clear(self) -> bool:
        """The interval of the difference leaves out 0."""
        if self.difference is None:
            return False
        low, high = self.difference.interval
        return low > 0 or high < 0


@dataclass(frozen=True, kw_only=True)
class Row:
    name: str
    metric: Metric
    cells: list[Cell]


class Comparison:
    """`runs` in their order, the first being what the others are compared with."""

    def __init__(self, runs: Sequence[Run], protocol: Protocol) -> None:
        self.protocol = protocol
        evaluations = _evaluations(runs, protocol)
        self.columns = [
            Column(
                run=run,
                evaluation=evaluations.get(run.pk),
                is_alike=_basis(run) == _basis(runs[0]),
            )
            for run in runs
        ]

    @property
    def has_strangers(self) -> bool:
        """Some were scored on other videos or against other ground truth."""
        return not all(column.is_alike for column in self.columns)

    @cached_property
    def rows(self) -> list[Row]:
        """One per number that any run has."""
        rows = [self._row(name, metric) for name, metric in METRICS.items()]
        return [row for row in rows if any(cell.value is not None for cell in row.cells)]

    def _row(self, name: str, metric: Metric) -> Row:
        values = [_number(column, name) for column in self.columns]
        alike = zip(values, self.columns, strict=True)
        known = [value for value, column in alike if value is not None and column.is_alike]
        best = (max if metric.higher_is_better else min)(known) if len(known) > 1 else None
        cells = [
            Cell(
                value=value,
                interval=column.evaluation.intervals.get(name) if column.evaluation else None,
                is_best=value is not None and value == best and column.is_alike,
                difference=_difference(column, self.columns[0], name),
            )
            for value, column in zip(values, self.columns, strict=True)
        ]
        return Row(name=name, metric=metric, cells=cells)

    @cached_property
    def differing(self) -> list[tuple[str, list[str]]]:
        """Facts and settings in which the runs differ; equal rows are left out."""
        described = [_described(column.run) for column in self.columns]
        names = dict.fromkeys(name for each in described for name in each)
        rows = [(name, [each.get(name, "–") for each in described]) for name in names]
        return [(name, values) for name, values in rows if len(set(values)) > 1]

    @cached_property
    def classes(self) -> list[tuple[str, list[float | None]]]:
        """AUC of each kind of anomaly against all normal frames, by run."""
        found = [
            {each["label"]: each["auroc_against_normal"] for each in column.evaluation.per_class}
            if column.evaluation
            else {}
            for column in self.columns
        ]
        names = sorted({name for each in found for name in each})
        return [(name, [each.get(name) for each in found]) for name in names]

    @cached_property
    def videos(self) -> list[tuple[Video, list[float | None]]]:
        """AUC of each video by run; those on which the runs differ most come first."""
        found = [
            {each["video_id"]: each["auroc"] for each in column.evaluation.per_video}
            if column.evaluation
            else {}
            for column in self.columns
        ]
        rows = {pk: [each.get(pk) for each in found] for each in found for pk in each}
        ordered = sorted(rows, key=lambda pk: -_spread(rows[pk]))
        videos = Video.objects.without_times().in_bulk(ordered)
        return [(videos[pk], rows[pk]) for pk in ordered if _spread(rows[pk]) > 0]


def _evaluations(runs: Iterable[Run], protocol: Protocol) -> dict[str, Evaluation]:
    """Against the ground truth that each run was submitted with."""
    found = Evaluation.objects.filter(
        IS_CURRENT, protocol=protocol, score_set__run__in=list(runs)
    ).select_related("score_set__run")
    return {
        each.score_set.run_id: each
        for each in found
        if each.annotation_set_id == each.score_set.run.annotation_set_id
    }


def _basis(run: Run) -> tuple[str, str]:
    return run.split_id, run.annotation_set_id


def _number(column: Column, name: str) -> float | None:
    value: float | None = column.evaluation.metrics.get(name) if column.evaluation else None
    return value


def _difference(column: Column, first: Column, name: str) -> metrics.Comparison | None:
    """None where the two did not draw the same videos, or the number is undefined."""
    if column is first or column.evaluation is None or first.evaluation is None:
        return None
    alike = column.is_alike and (
        column.evaluation.replicates.get("draws") == first.evaluation.replicates.get("draws")
    )
    values = _number(column, name), _number(first, name)
    if not alike or name not in column.replicates or name not in first.replicates:
        return None
    if values[0] is None or values[1] is None:
        return None
    return metrics.compare(values[0], values[1], column.replicates[name], first.replicates[name])


def _described(run: Run) -> dict[str, str]:
    facts = {name.replace("_", " "): to_text(getattr(run, name)) or "–" for name in FACTS}
    facts["supervision"] = run.supervision or (run.method.supervision if run.method else "–")
    facts |= {"split": str(run.split), "ground truth": f"v{run.annotation_set.version}"}
    return facts | {name: to_text(value) or "–" for name, value in run.config.items()}


def _spread(values: list[float | None]) -> float:
    known = [value for value in values if value is not None]
    return max(known) - min(known) if known else 0.0

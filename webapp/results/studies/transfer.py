"""A sweep as the tables of a study of transfer: clips called right, tests, and steady trainings.

Clips are called as a classifier of two classes does: abnormal where the highest score reaches one
half. Counts are those of the sweep's first seed, over all of its folds together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from statistics import fmean, stdev
from typing import Any

from ml.metrics import mcnemar, wilson
from webapp.results.models import Evaluation
from webapp.results.protocols.current_evaluations import headline_evaluations
from webapp.results.studies.sweep_table import SweepRow, SweepTable
from webapp.results.studies.transfer_printed import Printed, printed_for
from webapp.runs.models import Run, TrainingPoint

HALF = 0.5
CLOSE = 2  # clips by which neighbours of a table differ, when nothing tells them apart
FEW = 3  # epochs that a deviation needs
ACCURACIES = ("validation_accuracy", "train_accuracy")
LOSSES = ("validation_loss", "train_loss")


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Of a row: how many clips it calls right, with Wilson's 95 % interval of the share."""

    n_right: int
    n: int

    @property
    def share(self) -> float:
        return self.n_right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        return wilson(self.n_right, self.n)


@dataclass(frozen=True, kw_only=True)
class Paired:
    """Beside the first row: clips that one of the two alone calls right, and McNemar's p."""

    n_own: int
    n_first: int

    @property
    def p_value(self) -> float:
        return mcnemar(self.n_own, self.n_first)


@dataclass(frozen=True, kw_only=True)
class Steadiness:
    """Of trainings over the last third of their epochs, a mean over the runs of a row.

    `deviation` of the accuracy between epochs, and its `largest_fall` from one to the next. Where
    nothing was validated it is the training's own, and `is_validated` is False.
    """

    deviation: float
    largest_fall: float
    is_validated: bool


@dataclass(frozen=True, kw_only=True)
class TransferRow:
    row: SweepRow
    counts: Counts | None
    paired: Paired | None  # None of the first row, too
    steadiness: Steadiness | None
    printed: Printed | None
    is_close: bool  # to the next better or worse row


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Rows that vary in one field and in their variants, as tables 2 and 3 of the paper."""

    label: str
    columns: list[str]
    lines: list[tuple[str, list[TransferRow | None]]]


class Transfer:
    def __init__(self, table: SweepTable) -> None:
        self.table = table
        self.sweep = table.sweep

    @cached_property
    def points(self) -> dict[str, list[TrainingPoint]]:
        """By the run that trained."""
        trainers = {run.trainer.pk for run in self.table.runs}
        found: dict[str, list[TrainingPoint]] = defaultdict(list)
        for point in TrainingPoint.objects.filter(run__in=trainers).order_by("step"):
            found[point.run_id].append(point)
        return found

    @cached_property
    def evaluations(self) -> dict[str, Evaluation]:
        return headline_evaluations_with_videos(self.table.runs)

    @cached_property
    def rows(self) -> list[TransferRow]:
        calls = [self._calls(row) for row in self.table.rows]
        counts = [_counts(each) for each in calls]
        close = _close_ones(counts)
        return [
            TransferRow(
                row=row,
                counts=counts[place],
                paired=_paired(calls[place], calls[0]) if place else None,
                steadiness=self._steadiness(row),
                printed=printed_for(self.sweep.method_id, row.runs[0].config, row.title),
                is_close=place in close,
            )
            for place, row in enumerate(self.table.rows)
        ]

    @property
    def has_close(self) -> bool:
        return any(row.is_close for row in self.rows)

    @property
    def has_printed(self) -> bool:
        return any(row.printed for row in self.rows)

    @property
    def lacks_counts(self) -> bool:
        """Some of its runs were evaluated before the highest score of a video was kept."""
        return any(row.counts is None and row.row.is_complete for row in self.rows)

    @cached_property
    def grid(self) -> Grid | None:
        """None unless variants and exactly one field vary."""
        varied = [name for name, values in self.sweep.grid.items() if len(values) > 1]
        if len(varied) != 1 or len(self.sweep.variants) < 2:
            return None
        place = self.table.fields.index(varied[0])
        cells = {(each.row.values[place], each.row.title): each for each in self.rows}
        columns = list(dict.fromkeys(title for _value, title in cells))
        values = list(dict.fromkeys(value for value, _title in cells))
        return Grid(
            label=self.table.labels[place],
            columns=columns,
            lines=[(value, [cells.get((value, each)) for each in columns]) for value in values],
        )

    def _calls(self, row: SweepRow) -> dict[str, bool] | None:
        """Whether each video is called right; None until all runs of the first seed are told."""
        runs = [run for run in row.runs if run.seed == self.sweep.seeds[0]]
        calls: dict[str, bool] = {}
        for run in runs:
            evaluation = self.evaluations.get(run.pk)
            if evaluation is None or any("highest" not in each for each in evaluation.per_video):
                return None
            calls |= dict(_calls_of(evaluation))
        return calls

    def _steadiness(self, row: SweepRow) -> Steadiness | None:
        found = [
            each
            for run in row.runs
            if (each := steadiness_of(self.points[run.trainer.pk])) is not None
        ]
        if not found:
            return None
        return Steadiness(
            deviation=fmean(each.deviation for each in found),
            largest_fall=fmean(each.largest_fall for each in found),
            is_validated=all(each.is_validated for each in found),
        )


def headline_evaluations_with_videos(runs: Sequence[Run]) -> dict[str, Evaluation]:
    """The lists of videos in one query more."""
    found = headline_evaluations(runs)
    lists = Evaluation.objects.filter(pk__in=[each.pk for each in found.values()])
    per_video = dict(lists.values_list("pk", "per_video"))
    for each in found.values():
        each.per_video = per_video[each.pk]
    return found


def by_epoch(points: Sequence[TrainingPoint], names: Sequence[str]) -> dict[float, float]:
    """The first of `names` that was told where epochs end; empty where none was."""
    ends = [point for point in points if float(point.epoch).is_integer()]
    for name in names:
        if told := {each.epoch: each.values[name] for each in ends if name in each.values}:
            return told
    return {}


def steadiness_of(points: Sequence[TrainingPoint]) -> Steadiness | None:
    """None where the last third has fewer than three epochs."""
    values = list(by_epoch(points, ACCURACIES).values())
    last = values[len(values) - -(-len(values) // 3) :]
    if len(last) < FEW:
        return None
    falls = [before - after for before, after in pairwise(last)]
    return Steadiness(
        deviation=stdev(last),
        largest_fall=max(0.0, *falls),
        is_validated=any(ACCURACIES[0] in point.values for point in points),
    )


def _calls_of(evaluation: Evaluation) -> Iterator[tuple[str, bool]]:
    """Of videos with a score."""
    for each in evaluation.per_video:
        if each["highest"] is not None:
            yield each["video_id"], (each["highest"] >= HALF) == (each["n_abnormal_frames"] > 0)


def _counts(calls: Mapping[str, bool] | None) -> Counts | None:
    return Counts(n_right=sum(calls.values()), n=len(calls)) if calls else None


def _paired(own: Mapping[str, bool] | None, first: Mapping[str, bool] | None) -> Paired | None:
    """None where the two did not call the same videos."""
    if not own or not first or own.keys() != first.keys():
        return None
    return Paired(
        n_own=sum(own[video] and not first[video] for video in own),
        n_first=sum(first[video] and not own[video] for video in own),
    )


def _close_ones(counts: Sequence[Counts | None]) -> set[int]:
    """Places of those that differ from the next in order by so few clips that nobody knows."""
    known: list[Any] = [(each.n_right, at) for at, each in enumerate(counts) if each]
    known.sort()
    pairs = pairwise(known)
    return {at for one, other in pairs if other[0] - one[0] <= CLOSE for at in (one[1], other[1])}

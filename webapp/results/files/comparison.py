"""A comparison as a table for files: a row per run and number, or a line per run."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.results.files.tables import Emphasis, Printed, Row, Table, about, interval, number
from webapp.results.studies.comparison import Cell, Column, Comparison

COLUMNS = (
    "run", "name", "method", "kind", "features", "supervision", "seed", "metric", "value",
    "lower", "upper", "difference", "difference_lower", "difference_upper", "p_value",
    "not_paired", "is_best", "group", "selection", "selected_on_test", "split", "ground_truth",
    "protocol", "protocol_version", "evaluator_version", "score_hash", "annotation_hash",
)  # fmt: skip


def comparison_table(comparison: Comparison) -> Table:
    made = about(comparison.protocol)
    titles = [row.metric.title for row in comparison.rows]
    return Table(
        title=f"Comparison with {comparison.columns[0].label}",
        about=made | {"metric": comparison.metric_name, "first_run": comparison.columns[0].run.pk},
        columns=COLUMNS,
        rows=lambda: _rows(comparison, made),
        head=("run", "method", "features", f"95 % of {comparison.metric.title}", *titles),
        alignment="llll" + "r" * len(titles),
        lines=lambda: _lines(comparison),
        marks=("on_test", "differs", "other_data"),
    )


def _rows(comparison: Comparison, made: Row) -> Iterator[Row]:
    for place, column in enumerate(comparison.columns):
        known = facts_of(column, comparison.groups[place]) | made
        for row in comparison.rows:
            yield known | {"metric": row.name} | _numbers(row.cells[place])


def facts_of(column: Column, group: int | None) -> Row:
    run, evaluation = column.run, column.evaluation
    truth = evaluation.annotation_set if evaluation else run.annotation_set
    return {
        "run": run.pk,
        "name": run.name,
        "method": run.method_name,
        "kind": run.kind,
        "features": run.features,
        "supervision": run.method.supervision if run.method else run.supervision,
        "seed": run.seed,
        "group": group,
        "selection": run.selection,
        "selected_on_test": run.is_selected_on_test,
        "split": str(run.split),
        "ground_truth": truth.version,
        "score_hash": evaluation.score_hash if evaluation else None,
        "annotation_hash": evaluation.annotation_hash if evaluation else None,
    }


def _numbers(cell: Cell) -> Row:
    lower, upper = cell.interval or (None, None)
    paired = cell.difference
    low, high = paired.interval if paired else (None, None)
    return {
        "value": cell.value,
        "lower": lower,
        "upper": upper,
        "difference": paired.difference if paired else None,
        "difference_lower": low,
        "difference_upper": high,
        "p_value": paired.p_value if paired else None,
        "not_paired": cell.unpaired,
        "is_best": cell.is_best,
    }


def _lines(comparison: Comparison) -> Iterator[list[Printed]]:
    for place, column in enumerate(comparison.columns):
        marks = ("on_test",) * column.run.is_selected_on_test
        marks += ("other_data",) * (not column.is_alike)
        yield [
            Printed(text=column.label, marks=marks),
            Printed(text=column.run.method_name),
            Printed(text=column.run.features or "–"),
            interval(column.interval(comparison.metric_name)),
            *(_printed(row.cells[place]) for row in comparison.rows),
        ]


def _printed(cell: Cell) -> Printed:
    emphasis: Emphasis = "best" if cell.is_best else "second" if cell.is_second else ""
    return number(cell.value, emphasis, ("differs",) * cell.is_clear)

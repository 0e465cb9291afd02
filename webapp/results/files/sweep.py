"""A sweep as a table for files: a row per configuration and number, or a line per configuration."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.results.files.tables import Emphasis, Printed, Row, Table, about, interval, number
from webapp.results.studies.sweep_table import SweepCell, SweepRow, SweepTable

BEFORE = ("row", "title")
AFTER = (
    "metric", "value", "deviation", "n", "over", "lower", "upper", "difference",
    "difference_lower", "difference_upper", "p_value", "is_best", "selected_on_test",
    "printed", "runs",
    "seeds", "split", "ground_truth", "protocol", "protocol_version", "evaluator_version",
)  # fmt: skip


def sweep_table(table: SweepTable) -> Table:
    sweep = table.sweep
    made = about(table.protocol)
    of_sweep = {
        "sweep": sweep.pk,
        "title": sweep.title,
        "method": sweep.method_id,
        "dataset": sweep.dataset.name,
        "dataset_hash": table.runs[0].dataset_hash,
    }
    fields = tuple(f"config.{name}" for name in table.fields)
    folds = ("folds",) * bool(sweep.folds)
    titles = ("configuration",) * table.has_titles
    shown = [metric.title for metric in table.shown.values()]
    return Table(
        title=f"{sweep.title}: {sweep.method.title} on {sweep.dataset.name}",
        about=of_sweep | made,
        columns=(*BEFORE, *fields, *AFTER, *folds),
        rows=lambda: (row | made for row in _rows(table)),
        head=(*titles, *table.labels, *shown, "n" if table.over else "95 %"),
        alignment="l" * (len(titles) + len(fields)) + "r" * len(shown) + "l",
        lines=lambda: (_line(table, row) for row in table.rows),
        marks=("on_test", "differs"),
        notes=_notes(table),
    )


def _notes(table: SweepTable) -> list[str]:
    if not table.over:
        return ["95 % intervals by bootstrap over videos"]
    return [f"mean ± standard deviation over n {table.over}"]


def _rows(table: SweepTable) -> Iterator[Row]:
    truth = table.runs[0].annotation_set
    for row in table.rows:
        known = {
            "row": row.number,
            "title": row.title,
            "over": table.over,
            "runs": " ".join(run.pk for run in row.runs),
            "seeds": " ".join(map(str, table.sweep.seeds)),
            "split": table.sweep.split_label,
            "folds": " ".join(map(str, table.sweep.folds)),
            "ground_truth": truth.version,
        }
        known |= {
            f"config.{name}": row.runs[0].config.get(name)
            if isinstance(row.runs[0].config.get(name), int | float)
            else text
            for name, text in zip(table.fields, row.values, strict=True)
        }
        for name, cell in row.cells.items():
            printed = _printed_of(row) if name == table.metric_name else None
            yield known | {"metric": name, "printed": printed} | _numbers(cell, row)


def _printed_of(row: SweepRow) -> str | None:
    """Claims of papers about this row, as “0.8396 (I3D; source)”."""
    claims = [f"{each.value} ({each.features}; {each.source})" for each in row.printed]
    return " ".join(claims) or None


def _numbers(cell: SweepCell, row: SweepRow) -> Row:
    lower, upper = cell.interval or (None, None)
    paired = cell.difference
    low, high = paired.interval if paired else (None, None)
    return {
        "value": cell.value,
        "deviation": cell.spread.deviation if cell.spread else None,
        "n": cell.spread.n if cell.spread else row.n_evaluated,
        "lower": lower,
        "upper": upper,
        "difference": paired.difference if paired else None,
        "difference_lower": low,
        "difference_upper": high,
        "p_value": paired.p_value if paired else None,
        "is_best": cell.is_best,
        "selected_on_test": cell.is_best,
    }


def _line(table: SweepTable, row: SweepRow) -> list[Printed]:
    titles = [Printed(text=row.title or "–")] * table.has_titles
    values = [Printed(text=text) for text in row.values]
    numbers = [_printed(row.cells.get(name)) for name in table.shown]
    return [*titles, *values, *numbers, _certainty(table, row)]


def _printed(cell: SweepCell | None) -> Printed:
    if cell is None:
        return number(None)
    emphasis: Emphasis = "best" if cell.is_best else "second" if cell.is_second else ""
    marks = ("on_test",) * cell.is_best + ("differs",) * cell.is_clear
    plain = number(cell.value, emphasis, marks)
    if cell.spread is None or cell.spread.deviation is None:
        return plain
    text = f"{plain.text} ± {cell.spread.deviation:.3f}"
    return Printed(text=text, emphasis=emphasis, marks=marks)


def _certainty(table: SweepTable, row: SweepRow) -> Printed:
    """Of the leading number: how many runs, or the interval of the only one."""
    cell = row.cells.get(table.metric_name)
    if table.over:
        return Printed(text=str(cell.spread.n if cell and cell.spread else 0))
    return interval(cell.interval if cell else None)

"""The tables of a paper as a file: a row for each printed number, ours beside it."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.results.files.tables import Printed, Row, Table, number
from webapp.results.studies.paper_tables import PaperRow, PaperTable, PaperTables

COLUMNS = (
    "table", "method", "features", "supervision", "metric", "protocol", "printed", "printed_how",
    "source", "note", "ours", "deviation", "n", "lower", "upper", "difference", "lacking",
    "changed_settings", "selected_on_test", "runs", "split", "feature_set",
)  # fmt: skip
HEAD = ("table", "method", "features", "printed", "ours", "n")


def paper_tables(found: PaperTables) -> Table:
    return Table(
        title=f"Tables on {found.benchmark}: {found.dataset.name}",
        about={
            "benchmark": found.benchmark,
            "dataset": found.dataset.name,
            "dataset_hash": found.dataset.content_hash,
            "is_the_benchmark": found.is_the_benchmark,
            "selection": found.selection,
        },
        columns=COLUMNS,
        rows=lambda: _rows(found),
        head=HEAD,
        alignment="rllrrr",
        lines=lambda: _lines(found),
        marks=("reported", "on_test"),
    )


def _rows(found: PaperTables) -> Iterator[Row]:
    for table in found.tables:
        for row in table.rows:
            yield (
                _facts(table, row)
                | _numbers(row)
                | {
                    "split": str(found.split),
                    "feature_set": str(found.feature_set or ""),
                }
            )


def _facts(table: PaperTable, row: PaperRow) -> Row:
    claim = row.claim
    return {
        "table": table.printed.number,
        "method": claim.method,
        "features": claim.features,
        "supervision": claim.supervision,
        "metric": table.metric_name,
        "protocol": claim.protocol,
        "printed": claim.value,
        "printed_how": row.way,
        "source": claim.source,
        "note": claim.note,
        "lacking": row.lacking,
    }


def _numbers(row: PaperRow) -> Row:
    ours = row.ours
    if ours is None:
        return {}
    lower, upper = ours.interval or (None, None)
    return {
        "ours": ours.spread.mean if ours.spread else None,
        "deviation": ours.spread.deviation if ours.spread else None,
        "n": ours.spread.n if ours.spread else 0,
        "lower": lower,
        "upper": upper,
        "difference": row.difference,
        "changed_settings": ours.changes,
        "selected_on_test": ours.is_selected_on_test,
        "runs": " ".join(run.pk for run in ours.runs),
    }


def _lines(found: PaperTables) -> Iterator[list[Printed]]:
    for table in found.tables:
        for row in table.rows:
            spread = row.ours.spread if row.ours else None
            marks = ("on_test",) * bool(row.ours and row.ours.is_selected_on_test)
            yield [
                Printed(text=str(table.printed.number)),
                Printed(text=row.claim.method),
                Printed(text=row.claim.features or "–"),
                number(row.claim.value, marks=("reported",)),
                number(spread.mean if spread else None, marks=marks),
                Printed(text=str(spread.n) if spread else "–"),
            ]

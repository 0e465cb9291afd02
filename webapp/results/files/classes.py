"""Numbers for each kind of anomaly as a file: a row per run and kind, or a line per kind."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.results.files.comparison import facts_of
from webapp.results.files.tables import Printed, Row, Table, about, number
from webapp.results.studies.comparison import Comparison

COLUMNS = (
    "run", "name", "method", "features", "seed", "kind_of_anomaly", "n_videos", "auroc", "lower",
    "upper", "average_precision", "average_precision_lower", "average_precision_upper",
    "selection", "selected_on_test", "split", "ground_truth", "protocol", "protocol_version",
    "evaluator_version", "score_hash", "annotation_hash",
)  # fmt: skip


def classes_table(comparison: Comparison) -> Table:
    """Of frames of each kind against the normal frames of all videos."""
    made = about(comparison.protocol)
    return Table(
        title="AUROC by kind of anomaly, against all normal frames",
        about=made,
        columns=COLUMNS,
        rows=lambda: _rows(comparison, made),
        head=("kind", "videos", *(column.label for column in comparison.columns)),
        alignment="lr" + "r" * len(comparison.columns),
        lines=lambda: _lines(comparison),
        notes=["frames of each kind against the normal frames of all test videos"],
    )


def _rows(comparison: Comparison, made: Row) -> Iterator[Row]:
    for place, column in enumerate(comparison.columns):
        known = {
            name: value
            for name, value in facts_of(column, None).items()
            if name not in ("group", "kind", "supervision")
        }
        for row in comparison.classes:
            cell = row.cells[place]
            lower, upper = cell.interval or (None, None)
            low, high = cell.precision_interval or (None, None)
            yield (
                known
                | made
                | {
                    "kind_of_anomaly": row.label,
                    "n_videos": row.n_videos,
                    "auroc": cell.auroc,
                    "lower": lower,
                    "upper": upper,
                    "average_precision": cell.precision,
                    "average_precision_lower": low,
                    "average_precision_upper": high,
                }
            )


def _lines(comparison: Comparison) -> Iterator[list[Printed]]:
    for row in comparison.classes:
        cells = [
            number(value, marks=("on_test",) * column.run.is_selected_on_test)
            for value, column in zip(row.values, comparison.columns, strict=True)
        ]
        yield [Printed(text=row.label), Printed(text=str(row.n_videos)), *cells]

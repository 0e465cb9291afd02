"""A leaderboard as a table for files: our runs, then the claims of papers without a rank."""

from __future__ import annotations

from collections.abc import Iterator

from webapp.results.files.tables import Emphasis, Printed, Row, Table, about, interval, number
from webapp.results.studies.leaderboards import Board, Entry, Leaderboard
from webapp.results.studies.reported import Reported

COLUMNS = (
    "rank", "group", "name", "method", "features", "supervision", "seed", "value", "lower",
    "upper", "selection", "selected_on_test", "is_reported", "source", "note", "split",
    "ground_truth", "run", "score_hash", "annotation_hash", "metric", "protocol",
    "protocol_version", "evaluator_version",
)  # fmt: skip
EMPHASIS: dict[int | None, Emphasis] = {1: "best", 2: "second"}


def leaderboard_table(board: Leaderboard) -> Table:
    made = about(board.protocol) | {"metric": board.metric_name}
    of_dataset = {"dataset": board.dataset.name, "dataset_hash": board.dataset.content_hash}
    return Table(
        title=board.dataset.name,
        about=of_dataset | made,
        columns=COLUMNS,
        rows=lambda: (row | made for row in rows_of(board)),
        head=("#", "run", "method", "features", "split", board.metric.title, "95 %"),
        alignment="rllllrl",
        lines=lambda: map(_line, rows_of(board)),
        marks=("reported", "on_test"),
        notes=[
            f"{seeds.name} over {seeds.n} seeds: {seeds.mean:.3f} ± {seeds.deviation:.3f}"
            + ", selected on test" * seeds.is_selected_on_test
            for each in board.boards
            for seeds in each.seeds
        ],
    )


def rows_of(board: Leaderboard) -> Iterator[Row]:
    for each in board.boards:
        for entry in each.entries:
            yield _ours(each, entry)
    for claim in board.reported:
        yield _claim(claim)


def _ours(board: Board, entry: Entry) -> Row:
    run = entry.run
    lower, upper = entry.interval or (None, None)
    return {
        "rank": entry.rank,
        "group": entry.group,
        "name": run.name,
        "method": run.method_name,
        "features": run.features,
        "supervision": entry.supervision,
        "seed": run.seed,
        "value": entry.value,
        "lower": lower,
        "upper": upper,
        "selection": run.selection,
        "selected_on_test": run.is_selected_on_test,
        "is_reported": False,
        "source": "",
        "note": "",
        "split": str(board.split),
        "ground_truth": board.annotation_set.version,
        "run": run.pk,
        "score_hash": entry.evaluation.score_hash,
        "annotation_hash": entry.evaluation.annotation_hash,
    }


def _claim(claim: Reported) -> Row:
    known = {
        "name": claim.method,
        "method": claim.method,
        "features": claim.features,
        "supervision": claim.supervision,
        "value": claim.value,
        "selected_on_test": None,
        "is_reported": True,
        "source": claim.source,
        "note": claim.note,
    }
    return dict.fromkeys(COLUMNS) | known


def _line(row: Row) -> list[Printed]:
    marks = ("reported",) * row["is_reported"] + ("on_test",) * bool(row["selected_on_test"])
    return [
        Printed(text=str(row["rank"] or "")),
        Printed(text=row["name"], marks=marks),
        Printed(text=row["method"]),
        Printed(text=row["features"] or "–"),
        Printed(text=row["split"] or "–"),
        number(row["value"], EMPHASIS.get(row["rank"], "")),
        interval((row["lower"], row["upper"])),
    ]

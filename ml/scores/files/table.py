"""Tables of text: a column of scores, and perhaps the video and the frame or segment of each.

Columns are known by their headings (`_columns`), and a heading that is not understood is
refused. Without headings the last column is the score and, of two, the first one the frame.
Rows may stand in any order where they say whose they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from ml.findings import shortened
from ml.records import BadInput
from ml.scores.files._base import Counts, Format, Numbers, ScoreFile, Series, Values, register
from ml.scores.files._columns import PLACES, Kind, kinds_of
from ml.scores.files._texts import Column
from ml.tables import NUMBER, Row, is_blank, is_text, is_void, open_table

MAX_ROWS = 5_000_000
AT_ONCE = 200  # rows: so few at a time that no collection of garbage walks through them
FRAME_AND_SCORE = ("frame", "score")
PANDAS_SERIES = ("", "0")  # the heading that pandas gives to numbers without a name
WHOLE = ""  # the key of a table without videos
TEXT = re.compile(rb"[^\x00-\x08\x0e-\x1f]*")


@register
class Table(Format):
    title = "CSV"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        begins = data[:4096]
        return is_text(begins) and (b"\0" in begins or TEXT.fullmatch(begins) is not None)

    @classmethod
    def read(cls, data: bytes) -> ScoreFile:
        opened = open_table(data, "the table")
        head, body = _headed(opened.rows)
        columns = _Columns(head, opened.delimiter)
        columns.read(body)
        notes = [finding.text + "." for finding in opened.findings]
        return columns.file([*notes, *columns.notes()])


def _headed(rows: Iterator[Row]) -> tuple[Sequence[str], Iterator[Row]]:
    """The headings, or those that columns without any stand for, and the rows below."""
    first = next(rows, None)
    if first is None:
        raise BadInput("the table is empty")
    cells = first.cells
    if cells == PANDAS_SERIES:
        return FRAME_AND_SCORE, rows
    if not all(NUMBER.fullmatch(cell) or is_blank(cell) for cell in cells):
        return _without_empty_end(cells), rows
    if len(cells) > 2:
        raise BadInput(
            f"a table of {len(cells)} columns needs a heading with `score` in it; one video's "
            "scores stand one in a line"
        )

    def with_first() -> Iterator[Row]:
        yield first
        yield from rows

    return FRAME_AND_SCORE[-len(cells) :], with_first()


def _without_empty_end(cells: Sequence[str]) -> list[str]:
    kept = list(cells)
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return kept


class _Columns:
    """The cells of a table by column, with the line of each row."""

    def __init__(self, headings: Sequence[str], delimiter: str) -> None:
        self.lines: list[int] = []
        self.columns = [Column(heading, self.lines, delimiter) for heading in headings]
        self.kinds: list[Kind] = []

    def read(self, rows: Iterator[Row]) -> None:
        """Raise BadInput, with the line, for a row that has not the columns of the first."""
        while some := list(islice(rows, AT_ONCE)):
            self.lines += [row.line for row in some]
            by_column = zip(*map(self._fitted, some), strict=True)
            for column, cells in zip(self.columns, by_column, strict=True):
                column.cells += cells
            if len(self.lines) > MAX_ROWS:
                raise BadInput(f"more than {MAX_ROWS:,} rows are not read from a table: send npz")
        self._drop_void()
        self.kinds = kinds_of([column.heading for column in self.columns])

    def _fitted(self, row: Row) -> tuple[str, ...]:
        width, n_cells = len(self.columns), len(row.cells)
        if n_cells == width:
            return row.cells
        if n_cells < width or any(row.cells[width:]):
            raise BadInput(f"line {row.line}: {n_cells} columns where the first row has {width}")
        return row.cells[:width]

    def _drop_void(self) -> None:
        """Columns with nothing in them, and the row numbers that pandas writes in front."""
        self.columns = [
            each
            for at, each in enumerate(self.columns)
            if not is_void(at, each.heading, each.cells)
        ]
        if any(not each.heading for each in self.columns):
            raise BadInput("a column has cells, but no heading")

    def column(self, kind: Kind) -> Column | None:
        return next(
            (each for each, of in zip(self.columns, self.kinds, strict=True) if of == kind), None
        )

    def notes(self) -> list[str]:
        left = [
            each.heading
            for each, kind in zip(self.columns, self.kinds, strict=True)
            if kind == "ignored"
        ]
        return [f"Not read of the table: {shortened(left, 6)}."] if left else []

    def file(self, notes: Sequence[str]) -> ScoreFile:
        scores = self.column("score")
        assert scores is not None  # `kinds_of` sees to it
        values = scores.numbers()
        placing = next((kind for kind in PLACES if kind in self.kinds), None)
        rows = _Rows(self, values, placing)
        named = self.column("video")
        if named is None:
            series = rows.series(np.arange(len(values)), WHOLE) if len(values) else None
            return ScoreFile(series=series, notes=tuple(notes))
        by_video = {name: rows.series(at, name) for name, at in _grouped(named).items()}
        return ScoreFile(by_video=by_video, notes=tuple(notes))


def _grouped(names: Column) -> dict[str, Numbers]:
    """The rows of each video, in the order of the table."""
    rows: dict[str, list[int]] = {}
    for at, name in enumerate(names.cells):
        rows.setdefault(name, []).append(at)
    if WHOLE in rows:
        raise BadInput(f"line {names.lines[rows[WHOLE][0]]} names no video")
    return {name: np.array(at, dtype=np.int64) for name, at in rows.items()}


class _Rows:
    """Scores with the numbers that place them, if there are any."""

    def __init__(self, columns: _Columns, values: Values, placing: Kind | None) -> None:
        self.columns = columns
        self.values = values
        self.counts: Counts = placing if placing in ("segment", "start") else "frame"
        column = columns.column(placing) if placing else None
        self.places = column.wholes() if column else None
        ends = columns.column("end")
        self.ends = ends.wholes() if ends else None

    def series(self, at: Numbers, name: str) -> Series:
        """Of the rows `at` of one video. Raise BadInput where two are of one frame."""
        if self.places is None:
            return Series(values=self.values[at])
        at = at[np.argsort(self.places[at], kind="stable")]
        places = self.places[at]
        if (twice := np.flatnonzero(np.diff(places) == 0)).size:
            self._refuse_twice(int(at[twice[0]]), int(at[twice[0] + 1]), name)
        lengths = self.ends[at] - places if self.ends is not None else None
        return Series(values=self.values[at], places=places, counts=self.counts, lengths=lengths)

    def _refuse_twice(self, first: int, second: int, name: str) -> None:
        assert self.places is not None
        lines = self.columns.lines
        what = "segment" if self.counts == "segment" else "frame"
        advice = "" if name else ": of several videos, a column `video` says whose a score is"
        raise BadInput(
            f"line {lines[second]}: {name or 'the table'} has {what} {self.places[second]} already "
            f"in line {lines[first]}{advice}"
        )

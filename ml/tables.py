"""Tables of text as people have them, read the same way wherever one comes in.

Comma, semicolon, tab, bar or spaces between the cells; quoted cells; UTF-8 with and without a
mark, UTF-16, Windows code pages; decimal commas; `60.0` for 60; empty rows and columns of
spreadsheets. What could be read in two ways is refused with its line, never guessed.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ml import code_pages
from ml.findings import Finding, shortened
from ml.records import BadInput

DELIMITERS = ("\t", ";", ",", "|")
STATED = re.compile(r"sep=(.)", re.IGNORECASE)  # a first line that Excel writes and reads
BLANKS = frozenset({"", "nan", "na", "n/a", "none", "null", "<na>", "-"})
NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
GROUPED = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")  # one thousand, or one and some thousandths
INDEX = ("", "unnamed: 0")  # how pandas heads the column of row numbers
ISO_2022 = re.compile(rb"\x1b\$[@AB]|\x1b\$\)[AC]")  # how it changes to other alphabets
MAX_CELL = 1_000_000
LINE = re.compile(r"[^\r\n]+")
SPACE = re.compile(r"[^\S\r\n]")
csv.field_size_limit(MAX_CELL)


class EmptyTable(BadInput):
    """A table without a row that has something in it."""


class Row(NamedTuple):
    """Cells of one row, without spaces around them, and the line of the file it begins on."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A table whose `rows`, those that have something in them, are read one by one, once."""

    delimiter: str
    rows: Iterator[Row]
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Rows that have something in them, without a word on what the first one is."""

    name: str  # of the file, for sentences
    delimiter: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...] = ()

    def with_heading(self) -> Table:
        """The first row taken as names of columns. Raise BadInput where those cannot be."""
        return _headed(self)


@dataclass(frozen=True, kw_only=True)
class Record:
    """One row of a table by the names of its columns; those that it lacks are empty.

    `n_cells` are there in the file, which a row that was cut has fewer of than columns.
    """

    line: int
    cells: dict[str, str]
    n_cells: int = 0

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def get(self, column: str | None) -> str:
        return self.cells.get(column, "") if column else ""


@dataclass(frozen=True, kw_only=True)
class Table:
    """`columns` in lower case, in their order."""

    name: str
    delimiter: str
    columns: tuple[str, ...]
    records: tuple[Record, ...]
    findings: tuple[Finding, ...] = field(default_factory=tuple)

    def first_of(self, names: Iterable[str]) -> str | None:
        """The first of `names` that is a column here."""
        return next((name for name in names if name in self.columns), None)

    def number(self, record: Record, column: str | None, *, is_count: bool = False) -> float | None:
        """None where the cell is blank. Raise BadInput, with the line, for what is no number."""
        text = record.get(column)
        return None if is_blank(text) else self._number(text, record.line, str(column), is_count)

    def whole(self, record: Record, column: str | None) -> int | None:
        """As `number`; `60.0` is 60, and 60.5 is refused."""
        value = self.number(record, column, is_count=True)
        if value is None:
            return None
        if not value.is_integer():
            raise self.fault(record, f"{column} {record.get(column)} is no whole number")
        return int(value)

    def fault(self, record: Record, text: str) -> BadInput:
        return BadInput(f"{self.name}, line {record.line}: {text}")

    def _number(self, text: str, line: int, column: str, is_count: bool) -> float:
        try:
            return number_of(text, self.delimiter, is_count=is_count)
        except ValueError as error:
            raise BadInput(f"{self.name}, line {line}: {column} {text!r} {error}") from error


def is_blank(text: str) -> bool:
    """Whether a cell for a number says that there is none."""
    return text.strip().lower() in BLANKS


def number_of(text: str, delimiter: str = ",", *, is_count: bool = False) -> float:
    """A number with a decimal point, or a comma where that parts no cells.

    Of what is counted in whole numbers, 12.000 may be twelve thousand. Raise ValueError, the
    end of a sentence about `text`, for what is none or may be two.
    """
    if not NUMBER.fullmatch(text):
        raise ValueError("is no number")
    is_grouped = GROUPED.fullmatch(text) is not None
    if "," in text and (is_count or delimiter != ";") and is_grouped:
        raise ValueError("may be thousands or a fraction: write it without the comma")
    if is_grouped and is_count and delimiter != "," and "." in text:
        raise ValueError("may be thousands or a fraction: write it without the point")
    value = float(text.replace(",", "."))
    if value in (float("inf"), float("-inf")):
        raise ValueError("is larger than any number that is kept")
    return value


def read_grid(data: bytes, name: str) -> Grid:
    """Raise BadInput, with the line, where `data` is no table."""
    opened = open_table(data, name)
    rows = tuple(opened.rows)
    if not rows:
        raise EmptyTable(f"{name} is empty")
    return Grid(name=name, delimiter=opened.delimiter, rows=rows, findings=opened.findings)


def open_table(data: bytes, name: str) -> Opened:
    """For tables of millions of rows. Its rows raise BadInput, with the line, as they come."""
    text, findings = decode(data, name)
    lines, first = _without_statement(text)
    delimiter = first or _delimiter(lines)
    rows = _rows(lines, delimiter, name, offset=2 if first else 1)
    return Opened(delimiter=delimiter, rows=rows, findings=findings)


def read_table(data: bytes, name: str) -> Table:
    """A table whose first row names the columns. Raise BadInput, with the line."""
    return read_grid(data, name).with_heading()


def decode(data: bytes, name: str) -> tuple[str, tuple[Finding, ...]]:
    """Text, and a finding where its encoding had to be found out. Raise BadInput."""
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding, name), ()
    if encoding := _without_mark(data):
        return _strictly(data, encoding, name), ()
    if b"\0" in data:
        raise BadInput(f"{name} is no text")
    if ISO_2022.search(data):
        raise BadInput(f"{name} is text in ISO-2022: save it as UTF-8")
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        return _of_code_page(data, name, error)


def is_text(head: bytes) -> bool:
    """Whether a file that begins so is text; one in UTF-16 has zeros in it."""
    is_marked = any(head.startswith(mark) for mark, _encoding in MARKS)
    return is_marked or b"\0" not in head or bool(_without_mark(head))


def is_statement(line: str) -> bool:
    """Whether it is `sep=;`, with which Excel says what parts the cells below."""
    return STATED.fullmatch(line.strip()) is not None


def lines_of(text: str) -> list[str]:
    """By line ends alone: other signs that Python breaks at may stand in names."""
    return re.split(r"\r\n|\n|\r", text)


MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def _without_mark(data: bytes) -> str:
    """UTF-16 of mostly Latin text has a zero in every other byte."""
    sample = data[:2000]
    if len(sample) < 4 or len(data) % 2:
        return ""
    odd, even = sample[1::2].count(0), sample[::2].count(0)
    if odd > len(sample) * 0.3 and not even:
        return "utf-16-le"
    return "utf-16-be" if even > len(sample) * 0.3 and not odd else ""


def _strictly(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(f"{name} is damaged: byte {error.start} is no {encoding}") from error


def _of_code_page(
    data: bytes, name: str, error: UnicodeDecodeError
) -> tuple[str, tuple[Finding, ...]]:
    found = list(code_pages.likely(data))
    if len(found) == 1:
        text, title = found[0]
        sentence = f"It is no UTF-8 and was read as {title}: check names with other letters"
        return text, (Finding(level="warning", subject=name, text=sentence),)
    line = data.count(b"\n", 0, error.start) + 1
    titles = " or ".join(title for _text, title in found)
    why = f"it is no UTF-8 text and may be {titles}" if found else "it is no UTF-8 text"
    raise BadInput(f"{name}, line {line}: {why}; save it as UTF-8") from error


def _without_statement(text: str) -> tuple[str, str]:
    """The text below a line `sep=;`, and what that says."""
    first, end, rest = text.partition("\n")
    match = STATED.fullmatch(first.strip())
    return (rest, match[1]) if match and end else (text, "")


def _delimiter(text: str) -> str:
    """What parts the first filled line into most cells; spaces where nothing else does."""
    lines = (match[0] for match in LINE.finditer(text))
    first = next((line for line in lines if line.strip()), "")
    counts = {each: len(_cells_of(first, each)) for each in DELIMITERS}
    best = max(DELIMITERS, key=lambda each: counts[each])
    if counts[best] > 1:
        return best
    return " " if len(first.split()) > 1 else ","


def _cells_of(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line[:MAX_CELL]], delimiter=delimiter), [])
    except csv.Error:
        return []


def _rows(text: str, delimiter: str, name: str, *, offset: int) -> Iterator[Row]:
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        skipinitialspace=delimiter == " ",
        strict=True,
    )
    begins, has_spaces = offset, SPACE.search(text) is not None
    try:
        for cells in reader:
            stripped = tuple(map(str.strip, cells) if has_spaces else cells)
            if delimiter == " ":
                stripped = tuple(cell for cell in stripped if cell)
            if any(stripped):
                yield Row(begins, stripped)
            begins = reader.line_num + offset
    except csv.Error as error:
        raise BadInput(f"{name}, line {begins}: a quoted cell has no end: {error}") from error


def _headed(grid: Grid) -> Table:
    head, *rows = grid.rows
    names = [name.lower() for name in head.cells]
    width = len(names)
    for row in rows:
        if any(row.cells[width:]):
            raise BadInput(
                f"{grid.name}, line {row.line}: {len(row.cells)} cells where the heading has "
                f"{width}"
            )
    padded = [(*row.cells[:width], *[""] * (width - len(row.cells))) for row in rows]
    kept = [
        at for at, name in enumerate(names) if not is_void(at, name, [row[at] for row in padded])
    ]
    columns = [names[at] for at in kept]
    _check_names(grid, columns)
    records = (
        Record(line=row.line, cells={names[at]: cells[at] for at in kept}, n_cells=len(row.cells))
        for row, cells in zip(rows, padded, strict=True)
    )
    return Table(
        name=grid.name,
        delimiter=grid.delimiter,
        columns=tuple(columns),
        records=tuple(records),
        findings=grid.findings,
    )


def is_void(at: int, heading: str, cells: Sequence[str]) -> bool:
    """Whether a column says nothing: row numbers in front, or no heading and nothing below it."""
    numbers = map(str, range(len(cells)))
    is_index = at == 0 and heading.lower() in INDEX and all(map(str.__eq__, cells, numbers))
    return is_index or (heading == "" and not any(cells))


def _check_names(grid: Grid, columns: Sequence[str]) -> None:
    if "" in columns:
        raise BadInput(f"{grid.name}: column {columns.index('') + 1} has cells, but no heading")
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise BadInput(f"{grid.name}: two columns are called {shortened(twice)}")

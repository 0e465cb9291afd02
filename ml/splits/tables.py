"""Tables of text with a head: columns parted by commas, semicolons, tabs or spaces."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence

from ml.records import BadInput

Row = dict[str, str]
DELIMITERS = ",;\t "
NAME_COLUMNS = ("video_name", "name", "video", "video-id", "video_id")
GROUP_KINDS = ("source", "camera", "actor")
COLUMNS = dict(zip(GROUP_KINDS, GROUP_KINDS, strict=True))


def name_column(head: Sequence[str]) -> str | None:
    """The column that names the video."""
    return next((column for column in NAME_COLUMNS if column in head), None)


def rows_of(lines: Sequence[str]) -> Iterator[Row]:
    """Rows by the names in the first line. Raise BadInput where a row has other columns."""
    delimiter = next((each for each in DELIMITERS if each in lines[0]), ",")
    table = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " ")
    head = [column.strip() for column in next(table)]
    for number, cells in enumerate(table, start=2):
        if len(cells) != len(head):
            raise BadInput(f"row {number} has {len(cells)} columns where the head has {len(head)}")
        yield dict(zip(head, (cell.strip() for cell in cells), strict=True))


def read_groups(
    data: bytes, file_name: str, columns: Mapping[str, str] = COLUMNS
) -> dict[str, dict[str, str]]:
    """Groups of each video, by kind: `{"clip_1": {"source": "film"}}`; empty ones left out.

    `columns` tells which column holds source, camera and actor. Raise BadInput.
    """
    rows = _table(data, file_name)
    head = list(rows[0])
    naming = name_column(head)
    present = {kind: column for kind, column in columns.items() if column in head}
    if naming is None or not present:
        raise BadInput(
            f"{file_name} needs a column called name and one called "
            f"{' or '.join(columns.values())}; it has {', '.join(head)}"
        )
    return _by_name(rows, naming, present, file_name)


def _table(data: bytes, file_name: str) -> list[Row]:
    try:
        lines = [line for line in data.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError as error:
        raise BadInput(f"{file_name} is no text in UTF-8: byte {error.start} is not") from error
    try:
        rows = list(rows_of(lines)) if lines else []
    except (BadInput, csv.Error) as error:
        raise BadInput(f"{file_name}: {error}") from error
    if not rows:
        raise BadInput(f"{file_name} has no rows below its head")
    return rows


def _by_name(
    rows: Sequence[Row], naming: str, columns: Mapping[str, str], file_name: str
) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {}
    for row in rows:
        given = {kind: row[column] for kind, column in columns.items() if row[column]}
        if groups.setdefault(row[naming], given) != given:
            raise BadInput(f"{file_name} gives {row[naming]} two different groups")
    return groups

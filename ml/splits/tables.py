"""Which groups videos belong to: tables with a name and a source, a camera or a person."""

from __future__ import annotations

from collections.abc import Mapping

from ml.headings import plain, video_column
from ml.records import BadInput
from ml.tables import EmptyTable, Table, read_table

GROUP_KINDS = ("source", "camera", "actor")
COLUMNS = dict(zip(GROUP_KINDS, GROUP_KINDS, strict=True))


def read_groups(
    data: bytes, file_name: str, columns: Mapping[str, str] = COLUMNS
) -> dict[str, dict[str, str]]:
    """Groups of each video, by kind: `{"clip_1": {"source": "film"}}`; empty ones left out.

    `columns` tells which column holds source, camera and actor. Raise BadInput, with the line.
    """
    table = groups_table(data, file_name)
    present = {
        kind: found
        for kind, column in columns.items()
        if (found := table.first_of([column.lower(), plain(column)]))
    }
    others = [column for column in table.columns if column not in present.values()]
    naming = video_column(others)
    if naming is None or not present:
        raise BadInput(
            f"{file_name} needs a column called name and one called "
            f"{' or '.join(columns.values())}; it has {', '.join(table.columns)}"
        )
    return _by_name(table, naming, present)


def groups_table(data: bytes, file_name: str) -> Table:
    """Raise BadInput where it has no rows, or is no UTF-8."""
    try:
        table = read_table(data, file_name)
    except EmptyTable as error:
        raise BadInput(f"{file_name} has no rows below its head") from error
    if table.findings:  # names with other letters are compared with those of videos
        raise BadInput(f"{file_name} is no UTF-8 text; save it as UTF-8")
    if not table.records:
        raise BadInput(f"{file_name} has no rows below its head")
    return table


def _by_name(table: Table, naming: str, columns: Mapping[str, str]) -> dict[str, dict[str, str]]:
    groups: dict[str, dict[str, str]] = {}
    for record in table.records:
        name = record[naming]
        if not name:
            raise table.fault(record, "it names no video")
        given = {kind: record[column] for kind, column in columns.items() if record[column]}
        if groups.setdefault(name, given) != given:
            raise table.fault(record, f"{name} has two different groups")
    return groups

"""A table with the columns `video_name` and `subset`, one file per fold of a cross-validation.

`class`, where it is there, is 0 for normal and 1 for abnormal, or the name of a class; `n_frames`
is the number of frames. Other columns are not used, which is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ml import headings
from ml.findings import Finding
from ml.naming import ending_of, part_of, split_path
from ml.splits.lists._base import Entry, ListFormat, register
from ml.tables import Record, Table
from ml.text_files import TextFile


@register
class Subsets(ListFormat):
    title = "a table with the columns video_name and subset"

    @classmethod
    def recognises(cls, file: TextFile) -> bool:
        columns = file.headings
        has_part = any(headings.plain(column) in headings.PART for column in columns)
        return has_part and headings.video_column(columns) is not None and len(file.lines) > 1

    @classmethod
    def entries(cls, file: TextFile) -> Iterator[Entry]:
        return (_entry(file.table, record) for record in file.table.records)

    @classmethod
    def notes(cls, file: TextFile) -> Iterable[Finding]:
        table = file.table
        meant = (headings.PART, headings.LABEL, headings.COUNT)
        known = {headings.video_column(table.columns)}
        known |= {headings.first_of(table, each) for each in meant}
        others = [column for column in table.columns if column not in known]
        return headings.sort_out(file.name, table.columns, known, others)


def _entry(table: Table, record: Record) -> Entry:
    given = record.get(headings.first_of(table, headings.PART))
    part = part_of(given)
    path = record.get(headings.video_column(table.columns))
    folder, name = split_path(path)
    if not name:
        raise table.fault(record, "it names no video")
    if part is None:
        text = f"{name}: the subset {given!r} is none of training, validation and test"
        raise table.fault(record, text)
    return Entry(
        name=name,
        folder=folder,
        label=record.get(headings.first_of(table, headings.LABEL)),
        part=part,
        ending=ending_of(path),
        n_frames=table.whole(record, headings.first_of(table, headings.COUNT)) or None,
    )

"""A table with the columns `video_name` and `subset`, one file per fold of a cross-validation.

`class`, where it is there, is 0 for normal and 1 for abnormal, or the name of a class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ml.naming import part_of, without_ending
from ml.normal import ABNORMAL, NORMAL
from ml.records import BadInput
from ml.splits.lists._base import Entry, ListFormat, register
from ml.splits.tables import Row, name_column, rows_of

SUBSET = "subset"
LABELS = {"0": NORMAL, "1": ABNORMAL}


@register
class Subsets(ListFormat):
    title = "a table with the columns video_name and subset"

    @classmethod
    def recognises(cls, lines: Sequence[str]) -> bool:
        head = re.split(r"[\s,;]+", lines[0])
        return SUBSET in head and name_column(head) is not None and len(lines) > 1

    @classmethod
    def entries(cls, lines: Sequence[str]) -> Iterator[Entry]:
        return map(cls._entry_of_row, rows_of(lines))

    @classmethod
    def _entry_of_row(cls, row: Row) -> Entry:
        part = part_of(row[SUBSET])
        name = row[name_column(list(row)) or ""]
        if part is None:
            raise BadInput(
                f"{name}: the subset {row[SUBSET]!r} is none of training, validation and test"
            )
        label = row.get("class", "")
        return Entry(name=without_ending(name), label=LABELS.get(label, label), part=part)

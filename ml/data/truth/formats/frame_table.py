"""A column of 0 and 1, a line per frame of one video, which the file is named after.

    0
    0
    1

Frames count from 0. A heading is passed over. Before the labels there may be a column that
numbers the lines from 0 or from 1, `frame,label`; other columns are refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import PEEKED_LINES, AnnotationFormat, register
from ml.data.truth.source import Source
from ml.records import BadInput

ROW = re.compile(r"(?:(\d{1,9})\s*[,;\t]\s*)?([01])")


@register
class FrameTable(AnnotationFormat):
    title = "one label per line, a line per frame of one video"
    reading = Reading(base=0)
    is_general = True

    @classmethod
    def recognises(cls, source: Source) -> bool:
        rows = [ROW.fullmatch(line) for line in source.lines[1:PEEKED_LINES]]
        fitting = [row for row in rows if row]
        return bool(rows) and len(fitting) == len(rows) and _is_numbered(fitting)

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        lines = source.lines if ROW.fullmatch(source.lines[0]) else source.lines[1:]
        rows = []
        for number, line in enumerate(lines, start=1):
            row = ROW.fullmatch(line)
            if row is None:
                raise BadInput(f"{source.name}: label {number} is {line[:40]!r}, neither 0 nor 1")
            rows.append(row)
        _check_numbers(source.name, rows)
        labels = np.array([row[2] for row in rows], np.uint8)
        claim = Claim(path=Path(source.name).stem, labels=labels, n_frames=len(labels))
        return Annotations(claims=(claim,))


def _is_numbered(rows: Sequence[re.Match[str]]) -> bool:
    """Each is one more than the one before, or none has a number."""
    numbers = [int(row[1]) for row in rows if row[1]]
    first = numbers[0] if numbers else 0
    return not numbers or numbers == list(range(first, first + len(rows)))


def _check_numbers(name: str, rows: Sequence[re.Match[str]]) -> None:
    """Raise BadInput where lines are not the frames from the first on, one after another."""
    if not _is_numbered(rows):
        raise BadInput(f"{name}: its first column does not count the frames one by one")
    if rows[0][1] and int(rows[0][1]) > 1:
        raise BadInput(f"{name} begins with frame {rows[0][1]}, neither 0 nor 1")

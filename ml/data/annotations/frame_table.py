"""A column of 0 and 1, a line per frame of one video, which the file is named after.

    0
    0
    1

Frames count from 0. A heading is passed over; further columns are refused.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ml.data.annotations._base import (
    PEEKED_LINES,
    AnnotationFormat,
    Annotations,
    Claim,
    Reading,
    Source,
    register,
)
from ml.records import BadInput


@register
class FrameTable(AnnotationFormat):
    title = "one label per line, a line per frame of one video"
    reading = Reading(base=0)
    is_general = True

    @classmethod
    def recognises(cls, source: Source) -> bool:
        peeked = source.lines[1:PEEKED_LINES]
        return bool(peeked) and set(peeked) <= {"0", "1"}

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        lines = source.lines if source.lines[0] in ("0", "1") else source.lines[1:]
        for number, line in enumerate(lines, start=1):
            if line not in ("0", "1"):
                raise BadInput(f"{source.name}: label {number} is {line[:40]!r}, neither 0 nor 1")
        labels = np.array(lines, np.uint8)
        claim = Claim(name=Path(source.name).stem, labels=labels, n_frames=len(labels))
        return Annotations(claims=(claim,))

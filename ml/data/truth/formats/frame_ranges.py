"""Ranges of frames with a letter and a text each, as upCam's notes on its evaluation video.

    - 001541 - 001557: **(A)** Standing up, leaving room.

Frames count from 1 and the end is still in the range. (A) is abnormal, (N) is normal. The file
is named after its video.
"""

from __future__ import annotations

import re
from pathlib import Path

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source
from ml.normal import is_normal
from ml.records import BadInput

LIKE_ONE = re.compile(r"[-*\s]*\d+\s*[-–]\s*\d+\s*(?::|\**\().*")
RANGE = re.compile(r"[-*\s]*(\d+)\s*[-–]\s*(\d+)\s*:?\s*\**\(([AN])\)\**\s*(.*)")
MAX_LABEL = 80


@register
class FrameRanges(AnnotationFormat):
    title = "ranges of frames marked (A) or (N)"
    reading = Reading(base=1, end="inclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return any(RANGE.fullmatch(line) for line in source.text.lines[:100])

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        ranges = [match for line in source.text.lines if (match := RANGE.fullmatch(line))]
        for number, line in source.text.numbered:
            if LIKE_ONE.fullmatch(line) and not RANGE.fullmatch(line):
                text = f"{line[:80]!r} is marked neither (A) nor (N)"
                raise BadInput(f"{source.name}, line {number}: {text}")
        intervals = tuple(
            reading.interval(int(start), int(end), _label(text))
            for start, end, kind, text in (match.groups() for match in ranges)
            if kind == "A"
        )
        last = max(int(match[2]) for match in ranges) - (reading.base or 0) + 1
        claim = Claim(path=Path(source.name).stem, intervals=intervals, n_frames=last)
        return Annotations(claims=(claim,))


def _label(text: str) -> str:
    """What the letter says counts, also where the text begins with "normal"."""
    label = text.strip()[:MAX_LABEL]
    return "" if is_normal(label) else label

"""A table of clips with times on the clock and a class, as annotated shoplifting videos have.

    id video_name class start_time end_time x y width height fps
    1 video-2EoU6EXnPuE.mp4 1 00:00:08 00:00:16 261 215 175 190

Class 0 is normal. Times are hours, minutes and seconds from the video's start; the end is
exclusive. Columns are found by their names; separated by spaces, commas or semicolons.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import MAX_SECONDS, AnnotationFormat, register
from ml.data.truth.source import Source
from ml.findings import Finding
from ml.records import BadInput

SEPARATOR = re.compile(r"\s*[,;]\s*|\s+")
NEEDED = {"video_name", "class", "start_time", "end_time"}


@register
class TimesTable(AnnotationFormat):
    title = "table with video_name, class, start_time and end_time"
    reading = Reading(end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return bool(source.lines) and set(SEPARATOR.split(source.lines[0])) >= NEEDED

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        events: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
        findings = []
        for number, row in enumerate(_rows(source.lines), start=2):
            try:
                start, end = seconds_of(row["start_time"]), seconds_of(row["end_time"])
            except (ValueError, BadInput):
                text = f"line {number} has no times such as 00:01:30"
                findings.append(Finding(level="error", subject=source.name, text=text))
                continue
            if not row["video_name"]:
                text = f"line {number} names no video"
                findings.append(Finding(level="error", subject=source.name, text=text))
                continue
            of_video = events[row["video_name"]]
            if row["class"] != "0":
                of_video.append((start, end, "" if row["class"] == "1" else row["class"]))
        claims = tuple(_claim(path, spans) for path, spans in events.items())
        return Annotations(claims=claims, findings=tuple(findings))


def _rows(lines: Sequence[str]) -> Iterator[dict[str, str]]:
    """Cells that are missing at the end of a line are empty."""
    head, *rest = (SEPARATOR.split(line) for line in lines)
    return (dict(zip_longest(head, cells[: len(head)], fillvalue="")) for cells in rest)


def _claim(path: str, spans: list[tuple[float, float, str]]) -> Claim:
    return Claim(path=path, seconds=tuple(sorted(spans)))


def seconds_of(text: str) -> float:
    """Of `01:02:03.5`, `02:03` or `3`. Raise ValueError or BadInput."""
    total = 0.0
    for part in text.strip().split(":"):
        total = total * 60 + float(part)
    if "-" in text or not 0 <= total <= MAX_SECONDS:
        raise BadInput(f"{text} is no time in a video")
    return total

"""Our own CSV: a line per interval, or per normal video.

    video,start_frame,end_frame,label
    test/01.mp4,60,180,running
    test/02.mp4,,,

Frames count from 0 and the end is exclusive. A line without numbers says that the video is
normal. Instead of frames there may be `start_seconds` and `end_seconds`. A column n_frames is
compared with the true counts. Without a column of names (video, name, video_name) the table is
about the one video that the file is named after; no line then says that it is normal.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register, span_of_seconds
from ml.data.truth.source import Source
from ml.records import BadInput, Interval

NAMES = ("video", "name", "video_name")
FRAMES = ("start_frame", "end_frame")
SECONDS = ("start_seconds", "end_seconds")
FURTHER = ("label", "n_frames")
Row = dict[str, str]


MAX_HEAD = 10_000  # characters of a first line that may be a heading


def columns_of(source: Source) -> list[str]:
    head = source.lines[0][:MAX_HEAD] if source.lines else ""
    return [name.strip().lower() for name in next(csv.reader([head]), [])]


@register
class IntervalTable(AnnotationFormat):
    title = "CSV with video, start_frame and end_frame"
    reading = Reading(base=0, end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        columns = set(columns_of(source))
        has_spans = columns >= set(FRAMES) or columns >= set(SECONDS)
        is_named = bool(columns & set(NAMES)) or columns <= {*FRAMES, *SECONDS, *FURTHER}
        return has_spans and is_named

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        columns = columns_of(source)
        spans = FRAMES if set(FRAMES) <= set(columns) else SECONDS
        name = next((each for each in NAMES if each in columns), "")
        own = Path(source.name).stem
        by_video: dict[str, list[Row]] = {} if name else {own: []}
        for row in _rows(source, columns):
            by_video.setdefault(row[name] if name else own, []).append(row)
        return Annotations(
            claims=tuple(_claim(path, rows, spans, reading) for path, rows in by_video.items())
        )


def _rows(source: Source, columns: list[str]) -> Iterator[Row]:
    for number, cells in enumerate(_cells(source), start=2):
        if len(cells) > len(columns):
            raise BadInput(f"{source.name}, line {number}: more cells than columns")
        padded = [*cells, *[""] * (len(columns) - len(cells))]
        yield dict(zip(columns, (cell.strip() for cell in padded), strict=True))


def _cells(source: Source) -> Iterator[list[str]]:
    try:
        yield from csv.reader(source.lines[1:])
    except csv.Error as error:
        raise BadInput(f"{source.name} cannot be read as CSV: {error}") from error


def _claim(path: str, rows: list[Row], spans: tuple[str, str], reading: Reading) -> Claim:
    if not path.strip():
        raise BadInput(f"{len(rows)} lines name no video")
    filled = [row for row in rows if row[spans[0]] or row[spans[1]]]
    found: dict[str, Any] = {"path": path, "n_frames": _count(rows)}
    try:
        if spans == FRAMES:
            return Claim(intervals=tuple(_interval(row, reading) for row in filled), **found)
        seconds = tuple(
            span_of_seconds(float(row[spans[0]]), float(row[spans[1]]), row.get("label", ""))
            for row in filled
        )
    except ValueError as error:
        raise BadInput(f"{path}: a line has no number where one is expected: {error}") from error
    return Claim(seconds=seconds, **found)


def _interval(row: Row, reading: Reading) -> Interval:
    start, end = (int(row[name]) for name in FRAMES)
    return reading.interval(start, end, row.get("label", ""))


def _count(rows: list[Row]) -> int | None:
    counts = [row["n_frames"] for row in rows if row.get("n_frames", "").isdecimal()]
    return int(counts[0]) if counts else None

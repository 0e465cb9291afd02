"""A column of 0 and 1, a line per frame of one video, which the file is named after.

    0
    0
    1

Frames count from 0. Before the labels there may be a column that numbers the lines from 0 or
from 1, `frame,label`, and before that one with the names of several videos, `video,frame,label`.
Labels may also be written 0.0 and 1.0, true and false, normal and abnormal. A heading must say
that 1 is abnormal (label, gt, is_abnormal and the like).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ml import headings
from ml.data.truth.claims import Annotations, Claim, Labels, Reading
from ml.data.truth.formats._base import PEEKED_LINES, AnnotationFormat, register
from ml.data.truth.source import Source
from ml.findings import Finding
from ml.records import BadInput
from ml.tables import Grid, Row, Table, number_of, read_grid

FRAME = (
    "frame", "frame_id", "frame_no", "frame_nr", "frame_num", "frame_number", "frame_index",
    "frame_idx", "frameid", "framenumber",
)  # fmt: skip
MEANING = (
    "label", "labels", "gt", "ground_truth", "groundtruth", "is_abnormal", "abnormal", "anomaly",
    "is_anomaly", "anomalous", "is_anomalous", "frame_label", "y_true", "target",
)  # fmt: skip
MEANT = {
    "0": 0, "0.0": 0, "0.": 0, "false": 0, "normal": 0,
    "1": 1, "1.0": 1, "1.": 1, "true": 1, "abnormal": 1, "anomaly": 1, "anomalous": 1,
}  # fmt: skip
FITTING = 0.9  # of the lines at the start that have labels; any other is refused with its line


@dataclass(frozen=True, kw_only=True)
class Frame:
    """One line."""

    line: int
    video: str
    number: int | None
    label: str


@register
class FrameTable(AnnotationFormat):
    title = "one label per line, a line per frame of one video"
    reading = Reading(base=0)
    is_general = True

    @classmethod
    def recognises(cls, source: Source) -> bool:
        if not source.is_text:
            return False
        return _names_labels(source.text.headings) or _has_bare_labels(source)

    @classmethod
    def stated(cls, source: Source) -> dict[str, Any]:
        try:
            frames, _findings = _frames(source.text.first(3), source)
        except BadInput:  # which will be told when all of it is read
            return {}
        base = frames[0].number if frames else None
        return {"base": base} if base in (0, 1) else {}

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        frames, findings = _frames(read_grid(source.data, source.name), source)
        by_video: dict[str, list[Frame]] = {}
        for frame in frames:
            by_video.setdefault(frame.video, []).append(frame)
        claims = (_claim(name, of_video, reading, source) for name, of_video in by_video.items())
        return Annotations(claims=tuple(claims), findings=tuple(findings))


def _names_labels(columns: Sequence[str]) -> bool:
    """Whether headings name frames and labels, or labels alone."""
    names = [headings.plain(column) for column in columns if not headings.is_index(column)]
    has_labels = any(name in MEANING for name in names)
    return has_labels and (len(names) == 1 or any(name in FRAME for name in names))


def _has_bare_labels(source: Source) -> bool:
    """Without headings: labels alone, or behind numbers that count the lines."""
    try:
        rows = source.text.first(PEEKED_LINES).rows
    except BadInput:
        return False
    if rows and _is_headed(rows):  # what it says is looked at later
        rows = rows[1:]
    cells = [row.cells for row in rows if len(row.cells) <= 2 and _meant(row.cells[-1]) is not None]
    numbers = [_whole(row[0]) for row in cells if len(row) == 2]
    is_counted = not numbers or (
        None not in numbers and _is_counted([each for each in numbers if each is not None])
    )
    return bool(cells) and len(cells) >= FITTING * len(rows) and is_counted


def _frames(grid: Grid, source: Source) -> tuple[list[Frame], list[Finding]]:
    own = Path(source.name).stem
    if _is_headed(grid.rows):
        return _below_headings(grid.with_heading(), own)
    return list(_without_headings(grid, own)), []


def _below_headings(table: Table, own: str) -> tuple[list[Frame], list[Finding]]:
    label = headings.first_of(table, MEANING)
    number = headings.first_of(table, FRAME)
    if label is None:
        raise BadInput(
            f"{table.name}: its heading {', '.join(table.columns)} does not say that 1 is "
            "abnormal: call the column label"
        )
    others = [column for column in table.columns if column not in (label, number)]
    video = headings.video_column(others)
    findings = headings.sort_out(table.name, table.columns, {label, number, video})
    frames = [
        Frame(
            line=record.line,
            video=record.get(video) or ("" if video else own),
            number=table.whole(record, number),
            label=record.get(label),
        )
        for record in table.records
    ]
    return frames, findings


def _without_headings(grid: Grid, own: str) -> Iterator[Frame]:
    for row in grid.rows:
        if len(row.cells) > 2:
            raise BadInput(f"{grid.name}, line {row.line}: more than a number and a label")
        number = _whole(row.cells[0]) if len(row.cells) == 2 else None
        if len(row.cells) == 2 and number is None:
            raise BadInput(f"{grid.name}, line {row.line}: {row.cells[0]!r} is no frame number")
        yield Frame(line=row.line, video=own, number=number, label=row.cells[-1])


def _claim(video: str, frames: Sequence[Frame], reading: Reading, source: Source) -> Claim:
    if not video:
        raise BadInput(f"{source.name}, line {frames[0].line}: it names no video")
    _check_numbers(frames, reading, source)
    labels = _labels(frames, source)
    return Claim(path=video, labels=labels, n_frames=len(labels))


def _labels(frames: Sequence[Frame], source: Source) -> Labels:
    for frame in frames:
        if _meant(frame.label) is None or _way(frame.label) != _way(frames[0].label):
            text = f"the label {frame.label[:40]!r} is neither 0 nor 1, or written in another way"
            raise BadInput(f"{source.name}, line {frame.line}: {text}")
    return np.array([_meant(frame.label) for frame in frames], np.uint8)


def _check_numbers(frames: Sequence[Frame], reading: Reading, source: Source) -> None:
    """Raise BadInput where lines are not the frames from the first on, one after another."""
    numbers = [frame.number for frame in frames if frame.number is not None]
    if not numbers:
        return
    if len(numbers) < len(frames) or not _is_counted(numbers):
        raise BadInput(f"{source.name}: its first column does not count the frames one by one")
    if numbers[0] not in (0, 1):
        raise BadInput(f"{source.name} begins with frame {numbers[0]}, neither 0 nor 1")
    if numbers[0] != reading.base:
        raise BadInput(
            f"{source.name} begins with frame {numbers[0]}, where frames are to count from "
            f"{reading.base}"
        )


def _is_counted(numbers: Sequence[int]) -> bool:
    return list(numbers) == list(range(numbers[0], numbers[0] + len(numbers)))


def _is_headed(rows: Sequence[Row]) -> bool:
    """Whether the first row is a heading: `anomaly` is one above digits, among words a label."""
    first = rows[0].cells[-1]
    return _meant(first) is None or (len(rows) > 1 and _way(first) != _way(rows[1].cells[-1]))


def _way(text: str) -> str:
    """How a label is written."""
    plain = text.strip().lower()
    return "digit" if plain[:1].isdecimal() else "truth" if plain in ("true", "false") else "word"


def _meant(text: str) -> int | None:
    return MEANT.get(text.strip().lower())


def _whole(text: str) -> int | None:
    try:
        value = number_of(text)
    except ValueError:
        return None
    return int(value) if value.is_integer() else None

"""CSV with comma, semicolon, tab or space: a column of scores, and perhaps the video and the frame.

Columns are known by their heading (`score`, `video`, `frame`). Without a heading the last
column is the score and, of two, the first one the frame. Frames count from 0, one row each.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping

from ml.records import BadInput
from ml.score_files._base import Format, ScoreFile, register, vector

SCORE, VIDEO, FRAME = ("score", "scores"), ("video", "name", "video_name"), ("frame", "index")
DELIMITERS = (",", ";", "\t", " ")
TEXT = re.compile(rb"[^\x00-\x08\x0e-\x1f]*")


@register
class Table(Format):
    title = "CSV"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return TEXT.fullmatch(data[:4096]) is not None and data.lstrip()[:1] not in (b"[", b"{")

    @classmethod
    def read(cls, data: bytes) -> ScoreFile:
        rows = _rows(data)
        columns = _columns(rows[0])
        body = rows[1:] if columns["is_heading"] else rows
        if any(len(row) != len(rows[0]) for row in body):
            raise BadInput(f"its rows do not all have {len(rows[0])} columns")
        return _scores(body, columns)


def _rows(data: bytes) -> list[list[str]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput("it is neither an array nor text") from error
    first = text.lstrip().split("\n", 1)[0].strip()
    delimiter = next((each for each in DELIMITERS if each in first), ",")
    lines = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        rows = [row for row in lines if any(row)]
    except csv.Error as error:
        raise BadInput(f"line {lines.line_num} cannot be read as a row of a table") from error
    if not rows:
        raise BadInput("the file is empty")
    return [[cell.strip() for cell in row] for row in rows]


def _columns(first: list[str]) -> dict[str, int | None]:
    """Where score, video and frame stand; `is_heading` is 1 where the first row says so."""
    names = [cell.lower() for cell in first]
    if any(name in SCORE for name in names):
        places = {"score": SCORE, "video": VIDEO, "frame": FRAME}
        return {key: _place(names, known) for key, known in places.items()} | {"is_heading": 1}
    if len(first) > 2:
        raise BadInput("a table of more than two columns needs a heading with `score` in it")
    frame = 0 if len(first) == 2 else None
    return {"score": len(first) - 1, "video": None, "frame": frame, "is_heading": None}


def _place(names: list[str], known: Iterable[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _scores(body: list[list[str]], columns: Mapping[str, int | None]) -> ScoreFile:
    score, video, frame = columns["score"], columns["video"], columns["frame"]
    assert score is not None  # a heading has it, and so has a table without one
    by_video: dict[str, list[list[str]]] = {}
    for row in body:
        by_video.setdefault(row[video] if video is not None else "", []).append(row)
    for name, rows in by_video.items():
        if frame is not None and [row[frame] for row in rows] != list(map(str, range(len(rows)))):
            raise BadInput(f"{name or 'the table'}: its frames are not 0, 1, 2 … without a gap")
    values = {name: vector([r[score] for r in rows], of=name) for name, rows in by_video.items()}
    return ScoreFile(values=values.get("")) if video is None else ScoreFile(by_video=values)

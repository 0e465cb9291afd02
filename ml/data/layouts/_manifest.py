"""`manifest.csv` and `manifest.json`: a row per video, as people write them."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from ml import headings, strict_json
from ml.data.truth.claims import MAX_RATE, Annotations, Claim
from ml.data.truth.normality import without_normal
from ml.data.video.numbering import IN_ORDER, FrameNumbers
from ml.findings import Finding
from ml.naming import part_of
from ml.normal import is_normal, label_in, normal_among
from ml.records import BadInput, Interval
from ml.tables import Table, decode, is_blank, number_of, read_table

COLUMNS = ("name", "part", "label", "intervals", "fps", "n_frames", "frame_numbers")
TURNED_INTO_A_TIME = re.compile(r"00(\.0+)?( [AP]M)?", re.IGNORECASE)
EVENTS = (
    "it has a row per event: a manifest has one per video, with intervals such as 60:180. Give "
    "such a table another name and leave the manifest out"
)
Values = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One video of the manifest, checked for itself; intervals bear the labels of their own.

    Labels stand as they are written: what they say depends on those of all rows.
    """

    name: str
    part: str = ""
    label: str = ""
    fps: float | None = None
    n_frames: int | None = None
    frame_numbers: str = ""
    intervals: tuple[Interval, ...] = ()


def read_manifest(path: Path) -> tuple[list[Row], list[Finding], list[str]]:
    """Rows that can be used, findings about the others, and the names in these.

    Raise BadInput if it is no manifest.
    """
    rows: dict[str, Row] = {}
    unfit: list[str] = []
    records, findings = _records(path)
    for place, values in records:
        try:
            row = _row(values)
            if row.name in rows:
                raise BadInput(f"{row.name} is listed twice; only the first one counts")
        except BadInput as error:
            subject = f"{path.name}, {place}"
            findings.append(Finding(level="error", subject=subject, text=str(error)))
            unfit.append(str(values.get("name") or ""))
        else:
            rows[row.name] = row
    return list(rows.values()), findings, unfit


def annotations_of(
    rows: Mapping[str, Row], *, source: str, also: Iterable[str] = ()
) -> Annotations:
    """Intervals of rows, by the names of their videos, without what they mark as normal.

    One without a label bears its video's, unless that says normal.
    """
    given = [label for row in rows.values() for label in _labels(row)]
    normal = normal_among(given, source, tuple(also))
    claims = (
        Claim(
            path=name,
            n_frames=row.n_frames,
            intervals=tuple(_labelled(row, normal)),
        )
        for name, row in rows.items()
    )
    return without_normal(Annotations(claims=tuple(claims)), source=source, also=normal)


def _labels(row: Row) -> Iterator[str]:
    yield row.label
    yield from (each.label for each in row.intervals)


def _labelled(row: Row, normal: tuple[str, ...]) -> Iterator[Interval]:
    inherited = "" if is_normal(row.label, normal) else row.label
    return (replace(each, label=each.label or inherited) for each in row.intervals)


def _records(path: Path) -> tuple[list[tuple[str, Values]], list[Finding]]:
    """Values of each row with the place where it stands."""
    if path.suffix == ".csv":
        table = read_table(path.read_bytes(), path.name)
        columns, findings = _columns(table)
        return list(_of_table(table, columns)), [*table.findings, *findings]
    text, encoding = decode(path.read_bytes(), path.name)
    try:
        document = strict_json.parse(text, path.name)
        videos = document["videos"]
        if not isinstance(videos, list) or not all(isinstance(video, dict) for video in videos):
            raise TypeError("a video is not an object")
    except (KeyError, TypeError) as error:
        raise BadInput(f"{path.name} is not a manifest: {error}") from error
    return [(f"video {n}", video) for n, video in enumerate(videos, start=1)], list(encoding)


def _columns(table: Table) -> tuple[dict[str, str], list[Finding]]:
    """By what they mean. Raise BadInput where one is not known."""
    found = {
        "name": headings.video_column(table.columns),
        "part": headings.first_of(table, headings.PART),
        "label": headings.first_of(table, headings.LABEL),
        "intervals": headings.first_of(table, ("intervals", "interval")),
        "fps": headings.first_of(table, headings.RATE),
        "n_frames": headings.first_of(table, headings.COUNT),
        "frame_numbers": headings.first_of(table, ("frame_numbers",)),
    }
    if found["name"] is None:
        raise BadInput(f"{table.name} is not a manifest: it has no column called name")
    rest = [column for column in table.columns if column not in found.values()]
    if headings.ends_in(rest, headings.ALL_UNITS) or headings.ambiguous_ends(rest):
        raise BadInput(f"{table.name}: {EVENTS}")
    findings = headings.sort_out(table.name, table.columns, set(found.values()))
    return {meaning: column for meaning, column in found.items() if column}, findings


def _of_table(table: Table, columns: Mapping[str, str]) -> Iterator[tuple[str, Values]]:
    for record in table.records:
        values: dict[str, Any] = {
            meaning: record[column]
            for meaning, column in columns.items()
            if meaning == "label" or not is_blank(record[column])
        }
        intervals = values.get("intervals", "")
        yield f"line {record.line}", values | {"intervals": _split_intervals(intervals)}


def _split_intervals(cell: str) -> list[list[str]]:
    return [part.strip().split(":", 2) for part in cell.split(";") if part.strip()]


def _row(values: Values) -> Row:
    unknown = [str(key) for key in values if key not in COLUMNS]
    if unknown:
        raise BadInput(f"unknown: {', '.join(unknown)}; known are {', '.join(COLUMNS)}")
    name, part = (str(values.get(key) or "").strip() for key in ("name", "part"))
    label = "" if values.get("label") is None else label_in(str(values["label"]))
    if not name:
        raise BadInput("it has no name")
    if part and not part_of(part):
        raise BadInput(f"{name}: part {part} is none of train, validation and test")
    intervals = values.get("intervals") or ()
    return Row(
        name=name.replace("\\", "/"),
        part=part.lower(),
        label=label,
        fps=_rate(values.get("fps")),
        n_frames=_count(name, values.get("n_frames")),
        frame_numbers=_frame_numbers(name, values.get("frame_numbers")),
        intervals=tuple(_intervals(name, intervals)),
    )


def _rate(value: Any) -> float | None:
    if value in (None, ""):
        return None
    try:
        rate = number_of(str(value).strip())
    except ValueError:
        rate = 0.0
    if not 0 < rate <= MAX_RATE:
        raise BadInput(f"fps {value} is not a rate")
    return rate


def _frame_numbers(name: str, value: Any) -> str:
    frame_numbers = str(value or "").strip().lower()
    if frame_numbers not in get_args(FrameNumbers):
        raise BadInput(f"{name}: frame_numbers {value} is not {IN_ORDER}")
    return frame_numbers


def _count(name: str, value: Any) -> int | None:
    if value in (None, ""):
        return None
    try:
        return _frame(value)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name}: n_frames {value} is no number of frames") from error


def _intervals(name: str, values: Iterable[Any]) -> Iterator[Interval]:
    if not isinstance(values, list | tuple):
        raise BadInput(f"{name}: its intervals are no list")
    for value in values:
        try:
            start, end, *rest = value
            label = str(rest[0]).strip() if rest else ""
            if TURNED_INTO_A_TIME.fullmatch(label):
                raise BadInput(
                    f"{name}: {start}:{end}:{label} is a time that a spreadsheet has made of an "
                    "interval: set the cells to text and write them again"
                )
            yield Interval(start_frame=_frame(start), end_frame=_frame(end), label=label)
        except (TypeError, ValueError) as error:
            raise BadInput(
                f"{name}: {value} is not an interval of start, end and perhaps a class"
            ) from error


def _frame(value: Any) -> int:
    """Raise TypeError or ValueError for a fraction: that would be seconds, and no frame."""
    if not isinstance(value, str | float):
        return operator.index(value)
    number = number_of(value.strip()) if isinstance(value, str) else value
    if not number.is_integer():
        raise ValueError(f"{value} is no whole number")
    return int(number)

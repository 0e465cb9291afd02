"""Tables with a line per stretch, in frames, seconds, milliseconds or on the clock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ml import headings
from ml.data.truth.claims import MAX_RATE, Annotations, Claim, Reading, Seconds
from ml.data.truth.formats._base import MAX_SECONDS, span_of_seconds
from ml.data.truth.source import Source
from ml.findings import Finding
from ml.headings import Ends, Unit
from ml.naming import part_of, split_path
from ml.normal import canonical_label, label_in
from ml.records import BadInput
from ml.tables import Record, Table, is_blank, number_of

CLOCK_PARTS = 3
ROUNDED: dict[Unit, float] = {"frames": 0, "seconds": 0.51, "milliseconds": 0.00051, "clock": 0.51}


def is_table_of(source: Source, units: Collection[Unit]) -> bool:
    """Whether its headings name start and end in one of `units`, and nothing in frames before."""
    ends = headings.ends_in(source.text.headings, headings.ALL_UNITS)
    return ends is not None and ends.unit in units


@dataclass(frozen=True, kw_only=True)
class Columns:
    """Headings by what they mean; None where there is no such column."""

    ends: Ends
    times: Ends | None  # beside frames
    video: str | None
    label: str | None
    n_frames: str | None
    rate: str | None
    length: str | None
    part: str | None

    @classmethod
    def of(cls, table: Table, units: Collection[Unit]) -> Columns:
        """Raise BadInput where two columns may mean the same, or none is there for the ends."""
        ends = headings.ends_in(table.columns, units)
        if ends is None:
            raise BadInput(f"{table.name} has no columns of start and end")
        found = [column for column in table.columns if column not in (ends.start, ends.end)]
        is_in_frames = ends.unit == "frames"
        times = headings.ends_in(found, headings.TIME_UNITS) if is_in_frames else None
        return cls(
            ends=ends,
            times=times,
            video=headings.video_column(found),
            label=headings.first_of(table, headings.LABEL),
            n_frames=headings.first_of(table, headings.COUNT),
            rate=headings.first_of(table, headings.RATE),
            length=headings.first_of(table, headings.LENGTH),
            part=headings.first_of(table, headings.PART),
        )

    @property
    def known(self) -> set[str | None]:
        known = {self.ends.start, self.ends.end, self.video, self.label, self.n_frames}
        known |= {self.times.start, self.times.end} if self.times else set()
        return known | {self.length, self.part} | ({self.rate} if self.counts_frames else set())

    @property
    def counts_frames(self) -> bool:
        return self.ends.unit == "frames"


def read_stretches(source: Source, reading: Reading, units: Collection[Unit]) -> Annotations:
    """A claim per video. Raise BadInput, with the line, for whatever is not certain."""
    table = source.text.table
    columns = Columns.of(table, units)
    findings = _sort_out(table, columns)
    by_video = _by_video(table, columns, Path(source.name).stem)
    claims = (_claim(path, rows, table, columns, reading) for path, rows in by_video.items())
    return Annotations(claims=tuple(claims), findings=tuple(findings))


def _sort_out(table: Table, columns: Columns) -> list[Finding]:
    passed = {column for column in table.columns if headings.plain(column) == "duration"}
    if passed:
        _check_durations(table, columns, next(iter(passed)))
    if not columns.counts_frames:
        passed |= {column for column in table.columns if headings.plain(column) in headings.RATE}
    rest = [column for column in table.columns if column not in columns.known]
    if columns.video is None and any(headings.plain(column) == "id" for column in rest):
        raise BadInput(f"{table.name}: if the column id names the videos, call it video")
    other_names = {column for column in rest if headings.plain(column) in headings.VIDEO}
    _check_names(table, columns, other_names)
    return headings.sort_out(table.name, table.columns, columns.known, passed | other_names)


def _check_names(table: Table, columns: Columns, others: Collection[str]) -> None:
    """Raise BadInput where a column beside the names gives a row the name of another video."""
    if columns.video is None:
        return
    called = {split_path(record.get(columns.video))[1] for record in table.records}
    for column in others:
        for record in table.records:
            own, other = (split_path(record.get(each))[1] for each in (columns.video, column))
            if other != own and other in called and not headings.plain(column).endswith("id"):
                text = f"{columns.video} says {own}, {column} says {other}: keep one of the two"
                raise table.fault(record, text)


def _check_durations(table: Table, columns: Columns, duration: str) -> None:
    """Raise BadInput unless it is that of each stretch, which says nothing new."""
    for row in table.records:
        if is_blank(row.get(duration)) or _span(row, table, columns) is None:
            continue
        units = (ends for ends in (columns.times, columns.ends) if ends)
        if not any(_lasts(row, table, ends, duration) for ends in units):
            raise table.fault(
                row,
                f"{duration} {row.get(duration)}, read in the unit of {columns.ends.start}, is not "
                "that of the stretch: call it video_duration, in seconds, or leave it out",
            )


def _lasts(row: Record, table: Table, ends: Ends, duration: str) -> bool:
    """Whether the duration, in the unit of these ends, is from one to the other."""
    start, end, given = (
        _position(table, row, each, ends.unit) for each in (ends.start, ends.end, duration)
    )
    if start is None or end is None or given is None:
        return False
    lengths = (end - start, end - start + 1) if ends.unit == "frames" else (end - start,)
    return any(abs(length - given) <= ROUNDED[ends.unit] for length in lengths)


def _by_video(table: Table, columns: Columns, own: str) -> dict[str, list[Record]]:
    """Rows of each video; without a column of names, all are about the file's own."""
    found: dict[str, list[Record]] = {} if columns.video else {own: []}
    for record in table.records:
        path = record.get(columns.video) if columns.video else own
        if not path:
            raise table.fault(record, "it names no video")
        found.setdefault(path, []).append(record)
    return found


def _claim(
    path: str, rows: Sequence[Record], table: Table, columns: Columns, reading: Reading
) -> Claim:
    read = [(row, _span(row, table, columns)) for row in rows]
    spans = [span for _row, span in read if span is not None]
    silent = [row for row, span in read if span is None]
    if spans:
        _check_silent(path, silent, table, columns, reading)
    label = "" if spans else _label_nowhere(path, silent, table, columns, reading)
    found = Claim(
        path=path,
        label=label,
        part=_part(rows, table, columns),
        n_frames=_count(rows, table, columns),
        duration_seconds=_one_number(rows, table, columns.length),
    )
    return _with_spans(found, None if label else spans, table, columns, reading, rows)


def _check_silent(
    path: str, silent: Sequence[Record], table: Table, columns: Columns, reading: Reading
) -> None:
    """Raise BadInput where a row without a stretch names an event, and others have stretches."""
    for row in silent:
        label = _label(row, columns)
        if not label or not reading.is_normal(label):
            raise table.fault(row, f"{path} has stretches elsewhere and none here")


def _label_nowhere(
    path: str, rows: Sequence[Record], table: Table, columns: Columns, reading: Reading
) -> str:
    """What a video without a stretch is called. Raise BadInput where its rows differ in it."""
    called: dict[str, str] = {}
    for row in rows:
        if label := _label(row, columns):
            called.setdefault(canonical_label(label, reading.normal_labels), label)
        if len(called) > 1:
            names = " and ".join(called.values())
            raise table.fault(row, f"{path} is called {names}, and has a stretch of neither")
    return next(iter(called.values()), "")


def _with_spans(
    found: Claim,
    spans: Sequence[Seconds] | None,
    table: Table,
    columns: Columns,
    reading: Reading,
    rows: Sequence[Record],
) -> Claim:
    if spans is None:
        return found
    if not columns.counts_frames:
        return replace(found, seconds=tuple(spans))
    intervals = tuple(reading.interval(int(start), int(end), label) for start, end, label in spans)
    rate = reading.rate or _one_number(rows, table, columns.rate)
    if rate is not None and not 0 < rate <= MAX_RATE:
        raise table.fault(rows[0], f"{columns.rate} {rate:g} is no number of frames per second")
    also = tuple(_also_seconds(rows, table, columns))
    return replace(found, intervals=intervals, rate=rate, also_seconds=also)


def _also_seconds(rows: Sequence[Record], table: Table, columns: Columns) -> list[Seconds]:
    """Of rows with stretches in frames, by the clock; none where not all of them have times."""
    if columns.times is None:
        return []
    stretches = [row for row in rows if _span(row, table, columns) is not None]
    found = [_span_in(row, table, columns, columns.times) for row in stretches]
    known = [span for span in found if span is not None]
    return known if len(known) == len(found) else []


def _span(record: Record, table: Table, columns: Columns) -> Seconds | None:
    """Start, end and label in the table's own unit, frames or seconds; None without both."""
    return _span_in(record, table, columns, columns.ends)


def _span_in(record: Record, table: Table, columns: Columns, ends: Ends) -> Seconds | None:
    names = (ends.start, ends.end)
    start, end = (_position(table, record, each, ends.unit) for each in names)
    if start is None and end is None:
        if record.n_cells <= min(table.columns.index(each) for each in names):
            raise table.fault(record, f"it ends before {ends.start}")
        return None
    if start is None or end is None:
        missing = ends.start if start is None else ends.end
        raise table.fault(record, f"{missing} is empty, and the other end is not")
    try:
        return span_of_seconds(start, end, _label(record, columns))
    except BadInput as error:
        raise table.fault(record, f"{start:g} to {end:g} lie in no video") from error


def _label(record: Record, columns: Columns) -> str:
    return label_in(record.get(columns.label))


def _position(table: Table, record: Record, column: str, unit: Unit) -> float | None:
    if unit == "clock":
        return _moment(table, record, column)
    if unit == "frames":
        return table.whole(record, column)
    if unit == "seconds":
        return table.number(record, column)
    value = table.number(record, column, is_count=True)
    return None if value is None else value / 1000


def _moment(table: Table, record: Record, column: str) -> float | None:
    text = record.get(column)
    if is_blank(text):
        return None
    try:
        return seconds_of(text, table.delimiter)
    except ValueError as error:
        raise table.fault(record, f"{column} {text!r} {error}") from error


def seconds_of(text: str, delimiter: str = ",") -> float:
    """Of `01:02:03.5`, `02:03` or `3`. Raise ValueError, the end of a sentence about it."""
    *whole_parts, last = parts = text.strip().split(":")
    if len(parts) > CLOCK_PARTS or not all(part.isdecimal() for part in whole_parts):
        raise ValueError("is no time such as 00:01:30 or 90.5")
    total = 0.0
    for part in whole_parts:
        total = total * 60 + int(part)
    seconds = number_of(last.replace(",", ".") if whole_parts else last, delimiter)
    if seconds < 0 or (whole_parts and max(seconds, *map(int, parts[1:-1]), 0) >= 60):
        raise ValueError("is no time such as 00:01:30 or 90.5")
    total = total * 60 + seconds
    if total > MAX_SECONDS:
        raise ValueError("is no time in a video")
    return total


def _count(rows: Sequence[Record], table: Table, columns: Columns) -> int | None:
    count = _one_number(rows, table, columns.n_frames)
    if count is not None and not (count.is_integer() and count > 0):
        raise table.fault(rows[0], f"{columns.n_frames} {count:g} is no number of frames")
    return None if count is None else int(count)


def _one_number(rows: Sequence[Record], table: Table, column: str | None) -> float | None:
    """Raise BadInput where the rows of one video differ in it."""
    known = {value for row in rows if (value := table.number(row, column)) is not None}
    if len(known) > 1:
        raise table.fault(rows[0], f"{column} is {min(known):g} here and {max(known):g} elsewhere")
    return known.pop() if known else None


def _part(rows: Sequence[Record], table: Table, columns: Columns) -> str:
    given = {row.get(columns.part) for row in rows} - {""}
    parts = {part_of(each) for each in given}
    if None in parts or len(parts) > 1:
        text = f"{columns.part} {' or '.join(sorted(given))} is none of train, validation and test"
        raise table.fault(rows[0], text)
    return next((part for part in parts if part), "")

"""From when to when a clip was cut out of its source recording, and which clips overlap there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from ml.findings import Finding, counted, shortened
from ml.headings import video_column
from ml.splits.tables import groups_table
from ml.tables import Record, Table

STARTS = ("start_s", "start_seconds", "start_sec", "start_time", "start")
ENDS = ("end_s", "end_seconds", "end_sec", "end_time", "end")
TOLERANCE = 0.5  # seconds by which a clip may be longer or shorter than its times say
Span = tuple[float, float]  # seconds in the source recording


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Two clips of one source that show the same `seconds` of it."""

    first: str
    second: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.first} and {self.second} by {self.seconds:.2f} s"


def read_spans(data: bytes, file_name: str) -> tuple[dict[str, Span], list[Finding]]:
    """Spans of the clips that have both times in a table, and what is wrong with others.

    None where the table has no such columns. A clip that ends before it begins has no span.
    Raise BadInput, with the line, for what is no number.
    """
    table = groups_table(data, file_name)
    start, end = table.first_of(STARTS), table.first_of(ENDS)
    naming = video_column([each for each in table.columns if each not in (start, end)])
    if start is None or end is None or naming is None:
        return {}, []
    found = dict(_spans(table, naming, start, end))
    turned = [name for name, (first, last) in found.items() if last <= first]
    spans = {name: span for name, span in found.items() if name not in turned}
    return spans, list(_turned(file_name, turned))


def _spans(table: Table, naming: str, start: str, end: str) -> Iterator[tuple[str, Span]]:
    for record in table.records:
        first, last = _time(table, record, start), _time(table, record, end)
        if first is not None and last is not None:
            yield record[naming], (first, last)


def _time(table: Table, record: Record, column: str) -> float | None:
    return table.number(record, column)


def _turned(file_name: str, names: list[str]) -> Iterator[Finding]:
    if names:
        text = (
            f"{counted(len(names), 'clip')} would end before they begin in their source, and are "
            f"compared with no other: {shortened(names)}"
        )
        yield Finding(level="warning", subject=file_name, text=text)


def unlike_durations(
    spans: Mapping[str, Span], durations: Mapping[str, float], subject: str
) -> Iterator[Finding]:
    """Clips whose length in seconds is another than their times say, in one sentence."""
    unlike = [
        f"{name} ({durations[name]:.1f} s, {last - first:.1f} s by its times)"
        for name, (first, last) in spans.items()
        if durations.get(name) and abs(durations[name] - (last - first)) > TOLERANCE
    ]
    if unlike:
        text = (
            f"{counted(len(unlike), 'clip')} are longer or shorter than their times say by more "
            f"than {TOLERANCE} s: {shortened(unlike)}"
        )
        yield Finding(level="warning", subject=subject, text=text)


def overlaps(sources: Mapping[str, str], spans: Mapping[str, Span]) -> list[Overlap]:
    """Pairs of clips of one source that share some of it, in the order of their names."""
    by_source: dict[str, list[str]] = defaultdict(list)
    for name in sorted(spans):
        if sources.get(name):
            by_source[sources[name]].append(name)
    found = []
    for names in by_source.values():
        for first, second in combinations(names, 2):
            if (seconds := _shared(spans[first], spans[second])) > 0:
                found.append(Overlap(first=first, second=second, seconds=seconds))
    return sorted(found, key=lambda each: (each.first, each.second))


def _shared(first: Span, second: Span) -> float:
    """Rounded to a microsecond: one clip may begin where another ends."""
    return round(min(first[1], second[1]) - max(first[0], second[0]), 6)

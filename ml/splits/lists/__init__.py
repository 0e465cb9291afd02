"""Formats of split lists. A new one is one file here: a class with @register.

A list is recognised by its lines, never by its file name. Two ids of ShanghaiTech that differ
in a leading zero (`01_014` of the training videos, `01_0014` of the test videos) are two
videos, so names are never padded or shortened.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter
from collections.abc import Iterator, Sequence

from ml.findings import Finding, shortened
from ml.records import BadInput
from ml.splits.lists._base import FORMATS, Entry, LineFormat, ListFormat, SplitList, in_order

MAX_LINES = 1_000_000


def load_formats() -> dict[str, type[ListFormat]]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return FORMATS


def read_list(data: bytes, file_name: str) -> SplitList:
    """The videos that a list names. Raise BadInput with the line that does not fit."""
    lines = _lines(data, file_name)
    name = _detect(lines, file_name)
    entries = list(FORMATS[name].entries(lines))
    distinct = list(_distinct(entries, file_name))
    repeated = [] if FORMATS[name].folds_crops else _repeated(entries, file_name)
    return SplitList(
        format=name,
        n_lines=len(entries),
        entries=tuple(distinct),
        findings=(*repeated, *_contradictions(entries)),
    )


def _lines(data: bytes, file_name: str) -> list[str]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{file_name} is no text in UTF-8: byte {error.start} is not") from error
    lines = [line.strip() for line in text.splitlines()]
    filled = [line for line in lines if line]
    if not filled:
        raise BadInput(f"{file_name} names no video")
    if len(filled) > MAX_LINES:
        raise BadInput(f"{file_name} has more than {MAX_LINES:,} lines")
    return filled


def _detect(lines: Sequence[str], file_name: str) -> str:
    load_formats()
    for name, kind in in_order():
        if kind.recognises(lines):
            return name
    raise BadInput(_why_unknown(lines, file_name))


def _why_unknown(lines: Sequence[str], file_name: str) -> str:
    """Names the first line that spoils the format which most of the lines have."""
    kinds = [kind for _name, kind in in_order() if issubclass(kind, LineFormat)]
    kind = max(kinds, key=lambda kind: sum(kind.fits(line) for line in lines))
    if not any(kind.fits(line) for line in lines):
        return f"{file_name} is no split list that is known: its first line is {lines[0]!r}"
    number, line = next(
        (number, line) for number, line in enumerate(lines, start=1) if not kind.fits(line)
    )
    return (
        f"{file_name}: the line {line!r}, number {number} without blank ones, does not fit the "
        f"others, which look like {kind.title}"
    )


def _distinct(entries: Sequence[Entry], file_name: str) -> Iterator[Entry]:
    """The first of those with one name and folder; two parts for one video are refused."""
    seen: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        known = seen.setdefault((entry.folder, entry.name), entry)
        if known.part != entry.part:
            raise BadInput(
                f"{file_name}: {entry.name} is in the parts {known.part} and {entry.part}"
            )
    return iter(seen.values())


def _repeated(entries: Sequence[Entry], file_name: str) -> list[Finding]:
    counts = Counter((entry.folder, entry.name) for entry in entries)
    repeated = [name for (_folder, name), count in counts.items() if count > 1]
    if not repeated:
        return []
    n_more = len(entries) - len(counts)
    text = (
        f"{n_more} of {len(entries)} lines repeat a video that was named before, so that "
        f"{len(counts)} are left: {shortened(repeated)}"
    )
    return [Finding(level="warning", subject=file_name, text=text)]


def _contradictions(entries: Sequence[Entry]) -> list[Finding]:
    labels: dict[tuple[str, str], set[str]] = {}
    for entry in entries:
        labels.setdefault((entry.folder, entry.name), set()).add(entry.label)
    return [
        Finding(
            level="warning",
            subject=name,
            text=f"The list calls it {' and '.join(sorted(given))}; the first is taken",
        )
        for (_folder, name), given in labels.items()
        if len(given) > 1
    ]

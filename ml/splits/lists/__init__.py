"""Formats of split lists. A new one is one file here: a class with @register.

A list is recognised by its lines, never by its file name. Two ids of ShanghaiTech that differ
in a leading zero (`01_014` of the training videos, `01_0014` of the test videos) are two
videos, so names are never padded or shortened.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from ml import headings
from ml.file_kinds import kind_of
from ml.findings import Finding, shortened
from ml.normal import normal_among, video_label
from ml.records import BadInput
from ml.splits.lists._base import (
    FORMATS,
    Entry,
    LineFormat,
    ListFormat,
    SplitList,
)
from ml.text_files import TextFile

__all__ = ["Entry", "SplitList", "load_formats", "read_list"]

MAX_LINES = 1_000_000
HEAD = 65_536


def load_formats() -> dict[str, type[ListFormat]]:
    return FORMATS.load()


def read_list(data: bytes, file_name: str, normal_labels: Collection[str] = ()) -> SplitList:
    """The videos that a list names, their labels `normal`, `abnormal` or a class.

    `normal_labels` are a dataset's own, beside those that say so in themselves. Raise BadInput
    with the line that does not fit.
    """
    file = _checked(TextFile(data, file_name))
    name, kind = _detect(file)
    entries, doubts = _labelled(list(kind.entries(file)), file_name, normal_labels)
    distinct = list(_distinct(entries, file_name))
    repeated = [] if kind.folds_crops else _repeated(entries, file_name)
    notes = kind.notes(file)
    return SplitList(
        format=name,
        n_lines=len(entries),
        entries=tuple(distinct),
        findings=(*file.findings, *notes, *doubts, *repeated, *_contradictions(entries)),
    )


def _checked(file: TextFile) -> TextFile:
    if kind := kind_of(file.data[:HEAD]):
        raise BadInput(f"{file.name} is {kind}")
    if not file.lines:
        raise BadInput(f"{file.name} names no video")
    if len(file.lines) > MAX_LINES:
        raise BadInput(f"{file.name} has more than {MAX_LINES:,} lines")
    return file


def _labelled(
    entries: list[Entry], file_name: str, also: Collection[str]
) -> tuple[list[Entry], list[Finding]]:
    """With one way to say normal; without labels where nobody knows what they say."""
    try:
        also = normal_among((entry.label for entry in entries), file_name, also)
    except BadInput as error:
        text = f"{str(error).removeprefix(f'{file_name}: ')}; until then labels are not used"
        doubt = Finding(level="warning", subject=file_name, text=text)
        return [replace(entry, label="") for entry in entries], [doubt]
    return [replace(entry, label=video_label(entry.label, also)) for entry in entries], []


def _detect(file: TextFile) -> tuple[str, type[ListFormat]]:
    for name, kind in FORMATS.in_order():
        if kind.recognises(file):
            return name, kind
    raise BadInput(_why_unknown(file))


def _why_unknown(file: TextFile) -> str:
    """What it is, where that can be told, or the first line that spoils what most others are."""
    first = file.lines[0]
    if first.startswith(("{", "[", "<")):
        return f"{file.name} is {'XML' if first[0] == '<' else 'JSON'}: {WANTED}"
    columns = file.headings
    if headings.ends_in(columns, headings.ALL_UNITS) or headings.ambiguous_ends(columns):
        return f"{file.name} says when events begin and end: it is ground truth, and no list"
    if len(columns) > 1 and headings.video_column(columns):
        return (
            f"{file.name} has the columns {shortened(columns, SHOWN)}: a table that lists videos "
            "needs video_name and subset"
        )
    return _spoilt(file)


WANTED = "a list has a line per video, or is a table with video_name and subset"
SHOWN = 8


def _spoilt(file: TextFile) -> str:
    kinds = [kind for _name, kind in FORMATS.in_order() if issubclass(kind, LineFormat)]
    kind = max(kinds, key=lambda kind: sum(kind.fits(line) for line in file.lines))
    if not any(kind.fits(line) for line in file.lines):
        return f"{file.name} is no split list that is known: its first line is {file.lines[0]!r}"
    number, line = next((number, line) for number, line in file.numbered if not kind.fits(line))
    return (
        f"{file.name}, line {number}: {line!r} does not fit the others, which look like "
        f"{kind.title}"
    )


def _distinct(entries: Sequence[Entry], file_name: str) -> Iterator[Entry]:
    """The first of those with one name and folder; two parts for one video are refused."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        known = seen.setdefault(entry.file, entry)
        if known.part != entry.part:
            raise BadInput(
                f"{file_name}: {entry.name} is in the parts {known.part} and {entry.part}"
            )
    return iter(seen.values())


def _repeated(entries: Sequence[Entry], file_name: str) -> list[Finding]:
    counts = Counter(entry.file for entry in entries)
    names = {entry.file: entry.name for entry in entries}
    repeated = [names[path] for path, count in counts.items() if count > 1]
    if not repeated:
        return []
    n_more = len(entries) - len(counts)
    text = (
        f"{n_more} of {len(entries)} lines repeat a video that was named before, so that "
        f"{len(counts)} are left: {shortened(repeated)}"
    )
    return [Finding(level="warning", subject=file_name, text=text)]


def _contradictions(entries: Sequence[Entry]) -> list[Finding]:
    labels: dict[str, set[str]] = {}
    names = {entry.file: entry.name for entry in entries}
    for entry in entries:
        labels.setdefault(entry.file, set()).add(entry.label)
    return [
        Finding(
            level="warning",
            subject=names[path],
            text=f"The list calls it {' and '.join(sorted(given))}; the first is taken",
        )
        for path, given in labels.items()
        if len(given) > 1
    ]

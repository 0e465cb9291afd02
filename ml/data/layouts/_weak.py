"""What layouts of weakly labelled datasets share: lists of parts, files of annotation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from ml.data.layouts._base import Listed
from ml.data.layouts._listing import is_inside
from ml.data.truth.resolving import TruthFile, TruthSource
from ml.findings import Finding, counted, shortened
from ml.naming import part_of, split_path
from ml.records import BadInput, Part
from ml.splits.lists import read_list

DEPTH = ("", "*/", "*/*/", "*/*/*/")  # how deep archives unpack, and no deeper


def files_called(folder: Path, *patterns: str) -> Iterator[Path]:
    """In the order of the patterns. What lies deeper, such as frames, is not looked through."""
    found = (
        path for pattern in patterns for depth in DEPTH for path in folder.glob(f"{depth}{pattern}")
    )
    return (path for path in found if path.is_file() and is_inside(folder, path))


def texts_called(folder: Path, *patterns: str) -> list[Path]:
    return list(
        dict.fromkeys(
            path for pattern in patterns for path in sorted(files_called(folder, pattern))
        )
    )


def listed_in(paths: Sequence[Path]) -> tuple[frozenset[str], list[Finding]]:
    """Bare names of the videos that these lists name; one that cannot be read is told."""
    names: set[str] = set()
    findings = []
    for path in paths:
        try:
            names |= {entry.name for entry in read_list(path.read_bytes(), path.name).entries}
        except BadInput as error:
            findings.append(Finding(level="error", subject=path.name, text=str(error)))
    return frozenset(names), findings


def part_by(video: Listed, lists: Mapping[Part, Collection[str]]) -> Part | None:
    """What the lists say of its name; without a word of theirs, the folder that it lies in."""
    folders, name = split_path(video.path)
    listed = (part for part, names in lists.items() if name in names)
    words = re.split(r"[/_-]", folders)
    return next(listed, None) or next(filter(None, map(part_of, words)), None)


def annotations_in(paths: Sequence[Path]) -> tuple[TruthSource, ...]:
    """Each a source of its own about the test videos; the first one counts."""
    return tuple(
        TruthSource(name=path.name, files=(TruthFile(path=path, part="test"),)) for path in paths
    )


def findings_of_left_out(videos: Sequence[Listed], why: str) -> Iterator[Finding]:
    if videos:
        names = shortened([video.name for video in videos])
        text = f"{counted(len(videos), 'video')} left out, {why}: {names}"
        yield Finding(level="info", subject="videos", text=text)

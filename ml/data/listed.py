"""Videos that a file names with their frame counts: a dataset without its files.

Read are ground-truth files that carry counts (`ml.data.truth.formats`), split lists that do
(`ml.splits.lists`), and our own table:

    name,n_frames,label,part
    Abuse028_x264,1412,Abuse,test

Only `name` and `n_frames` must be there.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ml.data.truth.formats import read_annotations
from ml.data.truth.source import Source
from ml.naming import part_of, split_path
from ml.records import BadInput
from ml.splits.lists import read_list

COLUMNS = {"name", "n_frames"}
MAX_FRAMES = 10**9  # a year at 30 per second
MAX_LINE = 10_000
COUNT = re.compile(r"[1-9][0-9]{0,11}")
DEFAULT_PART = "test"  # files with frame counts are made for testing


@dataclass(frozen=True, kw_only=True)
class ListedVideo:
    """`n_frames` is None where the file does not say it."""

    name: str
    folder: str = ""
    n_frames: int | None = None
    label: str = ""
    part: str = DEFAULT_PART

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key != "folder"}


def list_videos(path: Path, name: str = "") -> list[ListedVideo]:
    """The videos of a file in its order. Raise BadInput where it has no frame counts."""
    source = Source(path, name or path.name)
    found = _table(source) if _is_table(source) else _of_other(source)
    if all(video.n_frames is None for video in found):
        raise BadInput(f"{source.name} does not say how many frames a video has")
    for video in found:
        if video.n_frames and video.n_frames > MAX_FRAMES:
            raise BadInput(f"{video.name}: {video.n_frames} frames are more than a video has")
    return _named_apart(found)


def annotates(path: Path, name: str = "") -> bool:
    """Whether the file says where anomalies are, too."""
    try:
        claims = read_annotations(path, name=name).claims
    except BadInput:
        return False
    return any(claim.intervals or claim.seconds or claim.labels is not None for claim in claims)


def _is_table(source: Source) -> bool:
    return bool(source.lines) and set(_cells(source.lines[0])) >= COLUMNS


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in next(csv.reader([line[:MAX_LINE]]), [])]


def _table(source: Source) -> list[ListedVideo]:
    head, *lines = source.lines
    return [_of_row(dict(zip(_cells(head), _cells(line), strict=False))) for line in lines]


def _of_row(row: dict[str, str]) -> ListedVideo:
    path, count = row.get("name", ""), row.get("n_frames", "")
    part = row.get("part", "") and part_of(row["part"])
    if not path or not COUNT.fullmatch(count) or part is None:
        raise BadInput(f"{path or 'a line'}: name, frame count {count!r} or part cannot be meant")
    folder, name = split_path(path)
    return ListedVideo(
        name=name,
        folder=folder,
        n_frames=int(count),
        label=row.get("label", ""),
        part=part or DEFAULT_PART,
    )


def _of_other(source: Source) -> list[ListedVideo]:
    """A split list is asked where the file is no ground truth."""
    try:
        claims = read_annotations(source.path, name=source.name).claims
    except BadInput:
        if not source.is_text:
            raise
        return list(_of_list(source))
    return [
        ListedVideo(
            name=claim.name, folder=claim.folder, n_frames=claim.n_frames, label=claim.label
        )
        for claim in claims
        if claim.name
    ]


def _of_list(source: Source) -> Iterator[ListedVideo]:
    for entry in read_list(source.data, source.name).entries:
        yield ListedVideo(
            name=entry.name,
            folder=entry.folder,
            n_frames=entry.n_frames,
            label=entry.label,
            part=entry.part or DEFAULT_PART,
        )


def _named_apart(videos: list[ListedVideo]) -> list[ListedVideo]:
    """Two videos of one name are called by their folders, too."""
    counts = Counter(video.name for video in videos)
    return [
        replace(video, name=f"{video.folder}/{video.name}")
        if counts[video.name] > 1 and video.folder
        else video
        for video in videos
    ]

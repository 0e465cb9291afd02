"""Videos that a file names with their frame counts: a dataset without its files.

Read are ground-truth files that carry counts (`ml.data.truth.formats`), split lists that do
(`ml.splits.lists`), and our own table:

    name,n_frames,label,part
    Abuse028_x264,1412,Abuse,test

Only `name` and `n_frames` must be there. Columns that nobody knows are refused, but for notes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ml import headings
from ml.data.truth.claims import Claim
from ml.data.truth.formats import UnknownFormat, read_annotations
from ml.data.truth.source import Source
from ml.findings import Finding, shortened
from ml.naming import part_of, split_path
from ml.normal import normal_among, video_label
from ml.records import BadInput
from ml.splits.lists import Entry, read_list
from ml.tables import Record, Table

MAX_FRAMES = 10**9  # a year at 30 per second
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


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The videos of a file in its order, and what is to be said of it.

    Where it `annotates`, it says where anomalies are, too.
    """

    videos: list[ListedVideo]
    findings: list[Finding]
    annotates: bool = False
    annotation: str = ""  # of a folder: the file below it that says where anomalies are


def list_videos(path: Path, name: str = "", normal_labels: Collection[str] = ()) -> Listing:
    """`normal_labels` are a dataset's own, beside those that say so in themselves.

    Raise BadInput where the file has no frame counts.
    """
    source = Source(path, name or path.name)
    read = _table if _is_table(source) else _of_other
    found = read(source, normal_labels)
    if all(video.n_frames is None for video in found.videos):
        raise BadInput(f"{source.name} does not say how many frames a video has")
    for video in found.videos:
        if video.n_frames and video.n_frames > MAX_FRAMES:
            raise BadInput(f"{video.name}: {video.n_frames} frames are more than a video has")
    return replace(found, videos=[_named(each) for each in _once(found.videos, source.name)])


def _is_table(source: Source) -> bool:
    """Ours; one that says where events lie as well is read as ground truth."""
    columns = source.text.headings
    return (
        headings.video_column(columns) is not None
        and any(headings.plain(column) in headings.COUNT for column in columns)
        and headings.ends_in(columns, headings.ALL_UNITS) is None
    )


def _table(source: Source, normal_labels: Collection[str]) -> Listing:
    table = source.text.table
    meant = (headings.COUNT, headings.LABEL, headings.PART)
    count, label, part = (headings.first_of(table, each) for each in meant)
    name = headings.video_column(table.columns)
    rates = [column for column in table.columns if headings.plain(column) in headings.RATE]
    known = {name, count, label, part}
    findings = [*table.findings, *headings.sort_out(source.name, table.columns, known, rates)]
    cells = (record.get(label) for record in table.records)
    normal = normal_among(cells, source.name, normal_labels)
    videos = [
        replace(
            _of_row(table, record, name, count, part), label=video_label(record.get(label), normal)
        )
        for record in table.records
    ]
    return Listing(videos=videos, findings=findings)


def _of_row(
    table: Table,
    record: Record,
    name: str | None,
    count: str | None,
    part: str | None,
) -> ListedVideo:
    folder, video = split_path(record.get(name))
    n_frames = table.whole(record, count)
    if not video:
        raise table.fault(record, "it names no video")
    if n_frames is None or n_frames < 1:
        raise table.fault(record, f"{video}: {record.get(count)!r} is no number of frames")
    given = record.get(part)
    if given and part_of(given) is None:
        raise table.fault(record, f"{video}: {given!r} is no part of a dataset")
    return ListedVideo(
        name=video,
        folder=folder,
        n_frames=n_frames,
        part=part_of(given) or DEFAULT_PART,
    )


def _of_other(source: Source, normal_labels: Collection[str]) -> Listing:
    """Ground truth, or where no format of that recognises the file, a split list."""
    options = {"normal_labels": list(normal_labels)}
    try:
        found = read_annotations(source.path, name=source.name, options=options)
    except UnknownFormat:
        if not source.is_text:
            raise
        listed = read_list(source.data, source.name, normal_labels)
        return Listing(videos=list(_of_list(listed.entries)), findings=list(listed.findings))
    return Listing(
        videos=[_of_claim(claim) for claim in found.claims if claim.name],
        findings=list(found.findings),
        annotates=any(_says_where(claim) for claim in found.claims),
    )


def _says_where(claim: Claim) -> bool:
    return bool(claim.intervals or claim.seconds) or claim.labels is not None


def _of_claim(claim: Claim) -> ListedVideo:
    return ListedVideo(
        name=claim.name,
        folder=claim.folder,
        n_frames=claim.n_frames if claim.rate is None else None,  # at a rate of the file's own
        label=claim.label,
        part=claim.part or DEFAULT_PART,
    )


def _of_list(entries: Iterable[Entry]) -> Iterator[ListedVideo]:
    for entry in entries:
        yield ListedVideo(
            name=entry.name,
            folder=entry.folder,
            n_frames=entry.n_frames,
            label=entry.label,
            part=entry.part or DEFAULT_PART,
        )


def _once(videos: Iterable[ListedVideo], source: str) -> Iterator[ListedVideo]:
    """Raise BadInput where a video is listed twice and not in the same way."""
    known: dict[tuple[str, str], ListedVideo] = {}
    for video in videos:
        first = known.setdefault((video.folder, video.name), video)
        if first is video:
            yield video
        elif first.n_frames != video.n_frames or first.part != video.part:
            counts = shortened([str(each.n_frames) for each in (first, video)])
            raise BadInput(f"{source} lists {video.name} twice, with {counts} frames")


def _named(video: ListedVideo) -> ListedVideo:
    """By its folder, too, where the list says it: other files may mean a namesake elsewhere."""
    folder = video.folder.strip("/")
    return replace(video, name=f"{folder}/{video.name}") if folder else video

"""Ground truth of a dataset from the files that lie beside its videos.

A layout says which files there are and what they are about; here they are read, placed under
the policy `refuse` and compared. Where there are several sources the first counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ml.data.truth.alignment import align_claims, bare
from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.formats import read_annotations
from ml.data.truth.normality import marked_throughout
from ml.data.truth.rows import Row
from ml.data.truth.spans import Intervals, written
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.findings import Finding, Level, counted, shortened
from ml.normal import is_normal
from ml.records import BadInput

N_SHOWN_EACH = 3  # of files of one kind at one place that cannot be read
NO_TRUTH = (
    "nothing says where clips are abnormal: all count as normal throughout, and no metric can be "
    "computed. Put labels beside them or write a manifest, or import ground truth later"
)


@dataclass(frozen=True, kw_only=True)
class TruthFile:
    """A file of ground truth; `own` is the video whose name it bears, empty without one.

    `part` is the part of the dataset that it is about, where the layout says so. `read` takes
    the path and the keyword `options`. That a file cannot be read is told on the level `missed`,
    or not at all.
    """

    path: Path
    own: str = ""
    part: str = ""
    missed: Level | None = "error"
    read: Callable[..., Annotations] = read_annotations


@dataclass(frozen=True, kw_only=True)
class TruthSource:
    """Files that are one word about several videos, such as a file for each."""

    name: str
    files: tuple[TruthFile, ...]


@dataclass(frozen=True, kw_only=True)
class Truth:
    """Sources in the order in which they count. If they `may_mix`, a video without a word in
    the first takes that of the next."""

    sources: tuple[TruthSource, ...] = ()
    may_mix: bool = False
    needs_test: bool = True  # a test video without a word is an error
    findings: tuple[Finding, ...] = ()


Unread = tuple[TruthFile, BadInput]


@dataclass(frozen=True, kw_only=True)
class GroundTruth:
    """Valid intervals of the videos that have some; `source` is empty where nothing was given."""

    source: str = ""
    intervals: Mapping[str, Intervals] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, kw_only=True)
class SourceIntervals:
    """What one source says: valid intervals of each video; a normal one has none."""

    source: str
    intervals: Mapping[str, Intervals]
    findings: tuple[Finding, ...] = ()
    unread: tuple[Unread, ...] = ()


def resolve_ground_truth(
    truth: Truth, videos: VideoSet, options: Mapping[str, Any] | None = None
) -> GroundTruth:
    """Raise nothing: what cannot be read or does not fit is a finding."""
    by_video: dict[str, SourceIntervals] = {}
    read = [_read_source(source, videos, options or {}) for source in truth.sources]
    unread = [each for one in read for each in one.unread]
    findings = [*truth.findings, *_unread(unread)]
    for one in read:
        findings += [*one.findings, *_compared(one, by_video)]
        if truth.may_mix or not by_video:
            by_video |= {name: one for name in one.intervals if name not in by_video}
    used = shortened(list(dict.fromkeys(one.source for one in by_video.values())))
    intervals = {name: one.intervals[name] for name, one in by_video.items()}
    if not used:
        findings.append(Finding(level="warning", subject="ground truth", text=NO_TRUTH))
    elif truth.needs_test:
        findings += _without(intervals, videos)
    findings += _contradictions(intervals, videos, used)
    return GroundTruth(source=used, intervals=intervals, findings=tuple(findings))


def _read_source(
    source: TruthSource, videos: VideoSet, options: Mapping[str, Any]
) -> SourceIntervals:
    """One file at a time in memory: masks have hundreds of MB."""
    intervals: dict[str, Intervals] = {}
    findings: list[Finding] = []
    strangers: list[Row] = []
    unread: list[Unread] = []
    for file in source.files:
        try:
            annotations = _about(file, file.read(file.path, options=options), videos)
        except BadInput as error:
            unread.append((file, error))
            continue
        found = align_claims(annotations, videos, "refuse")
        findings += _findings_of(file, (*annotations.findings, *found.findings))
        strangers += [row for row in found.rows if not row.video]
        here = [row for row in found.rows if row.video and row.n_frames]
        findings += _again(file, here, intervals)
        findings += [each for row in here for each in _findings_of(file, row.notes)]
        findings += _findings_of(file, marked_throughout(_not_meant_whole(here, annotations)))
        intervals |= {
            row.video: row.intervals for row in here if row.video not in intervals and _holds(row)
        }
    return SourceIntervals(
        source=source.name,
        intervals=intervals,
        findings=(*findings, *_strange(source, strangers)),
        unread=tuple(unread),
    )


def _not_meant_whole(rows: Sequence[Row], annotations: Annotations) -> Iterator[Row]:
    """Those of which nobody says outright that they are abnormal from end to end."""
    whole = {claim.subject for claim in annotations.claims if claim.is_whole}
    return (row for row in rows if row.claimed_name not in whole)


def _about(file: TruthFile, annotations: Annotations, videos: VideoSet) -> Annotations:
    """Its claims by name: one that is about a video says so, a vector is cut into videos.

    Raise BadInput where videos cannot be told apart in a vector.
    """
    if annotations.vector is not None:
        parts = {file.own: annotations.vector} if file.own else _cut(annotations.vector, videos)
        claims = tuple(Claim(path=name, labels=labels) for name, labels in parts.items())
        return replace(annotations, vector=None, claims=claims)
    if file.part:
        claims = tuple(replace(claim, part=file.part) for claim in annotations.claims)
        annotations = replace(annotations, claims=claims)
    names = ("", file.path.stem, file.own.rpartition("/")[2])
    if file.own and len(annotations.claims) == 1 and annotations.claims[0].name in names:
        return replace(annotations, claims=(replace(annotations.claims[0], path=file.own),))
    return annotations


def _cut(vector: Any, videos: VideoSet) -> dict[str, Any]:
    """In the order of all test videos, one label per frame."""
    unread = [video.name for video in videos.in_order if not video.n_frames]
    if unread:  # all after it would get their neighbours' labels
        raise BadInput(f"the frame count of {shortened(unread)} is unknown")
    counts = [video.n_frames for video in videos.in_order]
    if len(vector) != sum(counts):
        raise BadInput(
            f"it has {len(vector):,} labels where {sum(counts):,} are expected, the frames of "
            f"{videos.order_in_words()}"
        )
    parts = np.split(vector, np.cumsum(counts)[:-1])
    return {video.name: part for video, part in zip(videos.in_order, parts, strict=True)}


def _holds(row: Row) -> bool:
    """Whether something of the claim is left, or nothing was wrong with it."""
    return bool(row.intervals) or not any(note.level == "error" for note in row.notes)


def _again(
    file: TruthFile, rows: Iterable[Row], intervals: Mapping[str, Intervals]
) -> Iterator[Finding]:
    for row in rows:
        if row.video in intervals:
            text = f"{file.path.name} names it again; only the first entry counts"
            yield Finding(level="error", subject=row.video, text=text)


def _findings_of(file: TruthFile, findings: Iterable[Finding]) -> Iterator[Finding]:
    """With the name of the file, which a report on a dataset does not show otherwise."""
    for each in findings:
        subject = each.subject or file.path.name
        is_about_file = subject == file.path.name
        text = each.text if is_about_file else f"{file.path.name}: {each.text}"
        yield replace(each, subject=subject, text=text)


def _unread(unread: Sequence[Unread]) -> Iterator[Finding]:
    """Of files of one kind at one place, which may be thousands, the first few."""
    alike: dict[tuple[Path, str, str], list[Finding]] = {}
    for file, error in unread:
        if file.missed:
            finding = Finding(
                level=file.missed, subject=file.path.name, text=f"it is not used: {error}"
            )
            place = (file.path.parent, file.own, file.path.suffix)
            alike.setdefault(place, []).append(finding)
    return (finding for several in alike.values() for finding in _in_short(several))


def _in_short(alike: Sequence[Finding]) -> Sequence[Finding]:
    if len(alike) <= N_SHOWN_EACH:
        return alike
    suffix = Path(alike[0].subject).suffix
    text = (
        f"it is not used, nor are {len(alike) - 1:,} more {suffix} files beside it: they cannot "
        "be read as ground truth"
    )
    return [replace(alike[0], text=text)]


def _strange(source: TruthSource, strangers: Sequence[Row]) -> Iterator[Finding]:
    if strangers:
        names = [row.claimed_name for row in strangers]
        text = f"annotates {counted(len(names), 'clip')} not in the dataset: {shortened(names)}"
        why = next((note.text for row in strangers for note in row.notes), "")
        text += f" ({why})" if why else ""
        yield Finding(level="error", subject=source.name, text=text)


def _compared(found: SourceIntervals, by_video: Mapping[str, SourceIntervals]) -> Iterator[Finding]:
    """Against each source that was there before and speaks of the same videos."""
    shared = [name for name in by_video if name in found.intervals]
    for source in dict.fromkeys(by_video[name].source for name in shared):
        names = [name for name in shared if by_video[name].source == source]
        yield from _beside(found, source, {name: by_video[name].intervals[name] for name in names})


def _beside(
    found: SourceIntervals, source: str, known: Mapping[str, Intervals]
) -> Iterator[Finding]:
    n_agreeing = n_abnormal = 0
    for name, intervals in known.items():
        ours, theirs = bare(intervals), bare(found.intervals[name])
        n_abnormal += sum(each.end_frame - each.start_frame for each in ours)
        if ours == theirs:
            n_agreeing += 1
            continue
        text = f"{found.source} says {written(theirs)}, {source} says {written(ours)}"
        yield Finding(level="error", subject=name, text=text)
    if n_agreeing:
        text = (
            f"agrees with {source} on {n_agreeing} of {len(known)} clips, in which {source} has "
            f"{n_abnormal} abnormal frames"
        )
        yield Finding(level="info", subject=found.source, text=text)


def _without(intervals: Mapping[str, Intervals], videos: VideoSet) -> Iterator[Finding]:
    text = "nothing says where this test clip is abnormal, so it counts as normal throughout"
    for video in videos.in_order:
        if video.n_frames and video.name not in intervals:
            yield Finding(level="error", subject=video.name, text=text)


def _contradictions(
    intervals: Mapping[str, Intervals], videos: VideoSet, source: str
) -> Iterator[Finding]:
    for video in videos:
        if text := _contradiction(video, bool(intervals.get(video.name)), source):
            yield Finding(level="error", subject=video.name, text=text)


def _contradiction(video: KnownVideo, is_abnormal: bool, source: str) -> str:
    if video.label and is_normal(video.label) and is_abnormal:
        return (
            f"it is labelled normal, but {source} has it abnormal: no method learns from it as "
            "from a normal one"
        )
    if video.part != "train" and video.label and not is_normal(video.label) and not is_abnormal:
        return f"it is labelled {video.label}, but has no interval: it counts as normal throughout"
    return ""

"""What files of ground truth say of the clips that are here, against their true frame counts.

Nothing is repaired: labels of another length, intervals past the end and names of no clip are
findings. Where there are several sources the first counts, and the others are compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from ml.data.layouts._base import GroundTruth, Listed
from ml.data.layouts._compare import compare
from ml.data.layouts._intervals import Intervals, check_intervals
from ml.data.layouts._labels import Labels, cut
from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.formats import read_annotations
from ml.data.truth.rows import KnownVideo
from ml.data.truth.spans import of_seconds
from ml.findings import Finding, counted, shortened
from ml.naming import NameIndex, in_order
from ml.records import BadInput, Interval, frame_labels, intervals_of

RATE_TOLERANCE = 1e-3
Spans = tuple[Interval, ...]


@dataclass(frozen=True)
class Clips:
    """Clips that ground truth may be about; `n_frames` has those alone that can be read."""

    videos: Sequence[Listed]
    n_frames: Mapping[str, int]

    @cached_property
    def by_name(self) -> dict[str, Listed]:
        return {video.name: video for video in self.videos}

    @cached_property
    def tested(self) -> list[str]:
        """In the order that files without names go by."""
        return in_order(video.name for video in self.videos if video.part == "test")

    @cached_property
    def index(self) -> NameIndex[KnownVideo]:
        known = (KnownVideo(name=video.name, n_frames=0, part=video.part) for video in self.videos)
        return NameIndex(known, name=lambda each: each.name, part=lambda each: each.part)

    def find(self, claim: Claim) -> str:
        """Name of the clip that a claim means; empty where there is none."""
        if claim.position is not None:
            return self.tested[claim.position]
        found = self.index.find(claim.path, part=claim.part)
        return found.name if found else ""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A file of a source; `own` is the clip whose name the file bears, empty without one."""

    path: Path
    annotations: Annotations
    own: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """Valid intervals of each clip that a source speaks of; a normal one has none."""

    source: str
    intervals: Intervals = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def read_said(path: Path, clips: Clips) -> Said:
    """Raise nothing: a file that cannot be read is a finding."""
    try:
        annotations = read_annotations(path)
    except BadInput as error:
        return Said(source=path.name, findings=(unusable(path, error),))
    return said_in(path.name, [Piece(path=path, annotations=annotations)], clips)


def read_each(
    source: str, paths: Iterable[Path], read: Callable[[Path], Annotations], clips: Clips
) -> Said:
    """A file per clip, one at a time in memory: masks have hundreds of MB."""
    findings: list[Finding] = []

    def pieces() -> Iterator[Piece]:
        for path in paths:
            try:
                yield Piece(path=path, annotations=read(path))
            except BadInput as error:
                findings.append(unusable(path, error))

    said = said_in(source, pieces(), clips)
    return replace(said, findings=(*findings, *said.findings))


def unusable(path: Path, error: BadInput, level: Literal["error", "warning"] = "error") -> Finding:
    return Finding(level=level, subject=path.name, text=f"it is not used: {error}")


def said_in(source: str, pieces: Iterable[Piece], clips: Clips) -> Said:
    """What all `pieces` together say; the report calls them `source`."""
    claims: dict[str, Spans] = {}
    findings: list[Finding] = []
    strangers: list[str] = []
    for piece in pieces:
        findings += _told(piece.annotations)
        try:
            pairs = list(_pairs(piece, clips))
        except BadInput as error:
            findings.append(unusable(piece.path, error))
            continue
        strangers += [claim.subject for name, claim in pairs if not name]
        here = [(name, claim) for name, claim in pairs if name in clips.n_frames]
        findings += _take(claims, here, piece, clips)
    valid, faults = check_intervals(
        claims, source=source, names=clips.by_name, n_frames=clips.n_frames
    )
    return Said(
        source=source,
        intervals={name: valid.get(name, ()) for name in claims},
        findings=(*findings, *_unknown(source, strangers), *faults),
    )


def settle(sources: Sequence[Said], clips: Clips, *, may_mix: bool = False) -> GroundTruth:
    """The first source that speaks of any clip is the ground truth, the others are compared.

    If they `may_mix`, it is the first one that speaks of each clip.
    """
    told: dict[str, Said] = {}
    findings: list[Finding] = []
    for said in sources:
        findings += said.findings
        findings += _compared(said, told, clips)
        if may_mix or not told:
            told |= {name: said for name in said.intervals if name not in told}
    used = list(dict.fromkeys(said.source for said in told.values()))
    findings += _without(told, clips) if used else ()
    return GroundTruth(
        source=shortened(used),
        intervals={name: said.intervals[name] for name, said in told.items()},
        findings=tuple(findings),
    )


def _told(annotations: Annotations) -> Iterator[Finding]:
    for each in annotations.findings:
        yield Finding(level=each.level, subject=each.subject, text=each.text)


def _pairs(piece: Piece, clips: Clips) -> Iterator[tuple[str, Claim]]:
    """Each claim with the name of its clip. Raise BadInput where clips cannot be told apart."""
    given, own = piece.annotations, piece.own
    if given.vector is not None:
        labels = {own: given.vector} if own else cut(given.vector, _counts(clips))
        yield from ((name, Claim(path=name, labels=each)) for name, each in labels.items())
        return
    names = ("", piece.path.stem, own.rpartition("/")[2])
    if own and len(given.claims) == 1 and given.claims[0].name in names:
        yield own, given.claims[0]
        return
    by_position = [claim for claim in given.claims if claim.position is not None]
    if by_position and len(by_position) != len(clips.tested):
        raise BadInput(
            f"it has {len(by_position)} entries where {len(clips.tested)} test clips are expected"
        )
    yield from ((clips.find(claim), claim) for claim in given.claims)


def _counts(clips: Clips) -> dict[str, int]:
    """Of all test clips. Raise BadInput where one is unknown: its labels would be another's."""
    rejected = [name for name in clips.tested if name not in clips.n_frames]
    if rejected:
        raise BadInput(f"the frame count of {shortened(rejected)} is unknown")
    return {name: clips.n_frames[name] for name in clips.tested}


def _take(
    claims: dict[str, Spans], pairs: Iterable[tuple[str, Claim]], piece: Piece, clips: Clips
) -> Iterator[Finding]:
    for name, claim in pairs:
        try:
            spans = _spans(claim, clips.by_name[name], clips.n_frames[name], piece)
            if name in claims:
                raise BadInput(f"{piece.path.name} names it again; only the first entry counts")
        except BadInput as error:
            yield Finding(level="error", subject=name, text=str(error))
        else:
            claims[name] = spans
            yield from _count(claim, name, clips.n_frames[name], piece)


def _spans(claim: Claim, clip: Listed, n_frames: int, piece: Piece) -> Spans:
    """Raise BadInput with what makes the claim unfit for the clip."""
    source, rate = piece.path.name, piece.annotations.reading.rate
    if claim.labels is not None:
        if len(claim.labels) != n_frames:
            n_labels = len(claim.labels)
            raise BadInput(
                f"{source} covers {n_labels} frames, the clip has {n_frames}; not stored"
            )
        return tuple(intervals_of(claim.labels))
    if claim.seconds is not None:
        return _of_seconds(claim, clip, source)
    if claim.intervals is None:
        raise BadInput(f"{source} says that it is abnormal, but not where")
    if rate and claim.intervals and not (clip.fps and abs(rate / clip.fps - 1) <= RATE_TOLERANCE):
        raise BadInput(
            f"{source} counts frames at {rate:g} per second, the clip has {clip.fps or 0:g}; "
            "not stored"
        )
    return claim.intervals


def _of_seconds(claim: Claim, clip: Listed, source: str) -> Spans:
    if claim.seconds and not clip.fps:
        raise BadInput(f"{source} gives seconds, but the clip's frame rate is not known")
    return of_seconds(claim.seconds or (), clip.fps or 0.0)


def _count(claim: Claim, name: str, n_frames: int, piece: Piece) -> Iterator[Finding]:
    if claim.n_frames is not None and claim.n_frames != n_frames:
        text = f"{piece.path.name} takes it for {claim.n_frames} frames, it has {n_frames}"
        yield Finding(level="warning", subject=name, text=text)


def _unknown(source: str, strangers: Sequence[str]) -> Iterator[Finding]:
    if strangers:
        n_strangers = counted(len(strangers), "clip")
        text = f"annotates {n_strangers} not in the dataset: {shortened(strangers)}"
        yield Finding(level="error", subject=source, text=text)


def _compared(said: Said, told: Mapping[str, Said], clips: Clips) -> Iterator[Finding]:
    """Against each source that was there before and speaks of the same clips."""
    labels = _labels(said, clips)
    for source in dict.fromkeys(told[name].source for name in said.intervals if name in told):
        before = {name: each for name, each in told.items() if each.source == source}
        first = next(iter(before.values()))
        known = {name: each for name, each in _labels(first, clips).items() if name in before}
        yield from compare(said.source, labels, source, known)


def _labels(said: Said, clips: Clips) -> dict[str, Labels]:
    return {
        name: frame_labels(spans, clips.n_frames[name]) for name, spans in said.intervals.items()
    }


def _without(told: Mapping[str, Said], clips: Clips) -> Iterator[Finding]:
    for name in clips.tested:
        if name in clips.n_frames and name not in told:
            text = (
                "nothing says where this test clip is abnormal, so it counts as normal throughout"
            )
            yield Finding(level="error", subject=name, text=text)

"""Looks for what training and evaluation share: recordings, cameras, people, equal files.

Clips cut from one recording look alike. Where one of them trains and another one tests, a
number says how well the recording was learnt by heart. Of a cross-validation the report says
too which groups are torn apart by its folds, and which videos no fold holds out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

from ml.findings import Finding, shortened
from ml.naming import in_order
from ml.records import Part
from ml.splits.spans import Overlap, Span, overlaps

CONTENT = "content"
Fold = Mapping[str, Part]  # part of each video, by name
Groups = Mapping[str, Mapping[str, str]]  # {"source": {video: group}}, also camera and actor
KINDS = {
    "source": "source recording",
    "camera": "camera",
    "actor": "person",
    CONTENT: "content, by SHA-256",
}
# A fixed camera is what much of anomaly detection is about, so that one is said, not held against.
LEVELS: dict[str, Literal["error", "warning", "info"]] = {CONTENT: "error", "camera": "info"}


@dataclass(frozen=True, kw_only=True)
class Shared:
    """One group that lies on both sides: a row of the table.

    `fold` counts from 1 and `places` are parts. `fold` is 0 for a group that is not held out as
    a whole by one fold; `places` then are the folds that hold some of it out, or "no fold".
    """

    kind: str
    group: str
    fold: int
    places: tuple[str, ...]
    videos: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class LeakReport:
    findings: tuple[Finding, ...]
    table: tuple[Shared, ...]

    @property
    def has_leaks(self) -> bool:
        return any(finding.level != "info" for finding in self.findings)


def leak_report(
    folds: Sequence[Fold],
    groups: Groups,
    content: Mapping[str, str] | None = None,
    spans: Mapping[str, Span] | None = None,
) -> LeakReport:
    """Leaks of one split, or of the folds of a cross-validation.

    `content` has the SHA-256 of each video, `spans` from when to when it was cut out of its
    source. Videos without a group share none.
    """
    kinds = {**groups, CONTENT: content or {}}
    within = [row for kind, by_video in kinds.items() for row in _within(folds, kind, by_video)]
    across = [row for kind, by_video in kinds.items() for row in _across(folds, kind, by_video)]
    findings = [
        *_coverage(folds),
        *_findings_across(across, kinds, folds),
        *_findings_within(within, len(folds)),
        *_findings_of_overlaps(folds, overlaps(groups.get("source", {}), spans or {})),
    ]
    return LeakReport(findings=tuple(findings), table=(*across, *within))


def held_out(fold: Fold) -> set[str]:
    """What a fold is judged by: its test videos, or those of validation where it has no test."""
    tested = {video for video, part in fold.items() if part == "test"}
    return tested or {video for video, part in fold.items() if part == "validation"}


def _members(videos: Iterable[str], by_video: Mapping[str, str]) -> dict[str, set[str]]:
    """Videos of each group that has a name."""
    members: dict[str, set[str]] = defaultdict(set)
    for video in videos:
        if by_video.get(video):
            members[by_video[video]].add(video)
    return members


def _within(folds: Sequence[Fold], kind: str, by_video: Mapping[str, str]) -> Iterator[Shared]:
    """Groups that have videos in two parts of one fold."""
    for number, fold in enumerate(folds, start=1):
        for group, videos in sorted(_members(fold, by_video).items()):
            parts = {fold[video] for video in videos}
            if len(parts) > 1:
                places = tuple(part for part in get_args(Part) if part in parts)
                yield Shared(
                    kind=kind,
                    group=group,
                    fold=number,
                    places=places,
                    videos=tuple(in_order(videos)),
                )


def _across(folds: Sequence[Fold], kind: str, by_video: Mapping[str, str]) -> Iterator[Shared]:
    """Groups that a cross-validation tears apart: not all held out by the same fold."""
    homes = _homes(folds)
    for group, videos in sorted(_members(homes, by_video).items()):
        if len(folds) > 1 and len({homes[video] for video in videos}) > 1:
            numbers = sorted({number for video in videos for number in homes[video]})
            places = [f"fold {number}" for number in numbers]
            if any(not homes[video] for video in videos):
                places.append("no fold")
            yield Shared(
                kind=kind,
                group=group,
                fold=0,
                places=tuple(places),
                videos=tuple(in_order(videos)),
            )


def _homes(folds: Sequence[Fold]) -> dict[str, tuple[int, ...]]:
    """Numbers of the folds that hold a video out."""
    held = [held_out(fold) for fold in folds]
    return {
        video: tuple(number for number, videos in enumerate(held, start=1) if video in videos)
        for video in {video for fold in folds for video in fold}
    }


def _coverage(folds: Sequence[Fold]) -> Iterator[Finding]:
    """Of a cross-validation: each video should be held out exactly once."""
    if len(folds) < 2:
        return
    everything = {video for fold in folds for video in fold}
    times = Counter(video for fold in folds for video in held_out(fold))
    never = in_order(everything - set(times))
    if never:
        text = (
            f"{len(never)} of {len(everything)} videos are held out by no fold, so that no number "
            f"is about them: {shortened(never)}"
        )
        yield Finding(level="warning", subject="folds", text=text)
    often = in_order(video for video, count in times.items() if count > 1)
    if often:
        text = (
            f"{len(often)} of {len(everything)} videos are held out by more than one fold, so "
            f"that pooled numbers count them more than once: {shortened(often)}"
        )
        yield Finding(level="warning", subject="folds", text=text)


def _findings_across(
    rows: Sequence[Shared], kinds: Groups, folds: Sequence[Fold]
) -> Iterator[Finding]:
    everything = {video for fold in folds for video in fold}
    for kind, by_video in kinds.items():
        torn = [row for row in rows if row.kind == kind]
        if torn:
            n_groups = len(_members(everything, by_video))
            n_videos = sum(len(row.videos) for row in torn)
            text = (
                f"{len(torn)} of {n_groups} groups with the same {KINDS[kind]} are not held out as "
                f"a whole, so that some fold trains on them and is judged by them. They have "
                f"{n_videos} of the {len(everything)} videos: "
                f"{shortened(_names_of(torn))}"
            )
            yield Finding(level=LEVELS.get(kind, "warning"), subject=kind, text=text)


def _names_of(rows: Sequence[Shared]) -> list[str]:
    """A hash says nothing to people, so equal files are named by their videos."""
    return [" = ".join(row.videos) if row.kind == CONTENT else row.group for row in rows]


def _findings_within(rows: Sequence[Shared], n_folds: int) -> Iterator[Finding]:
    """One sentence for each kind, fold and pair of parts."""
    by_pair: dict[tuple[int, str, str, str], list[Shared]] = defaultdict(list)
    for row in rows:
        for first, second in combinations(row.places, 2):
            by_pair[row.fold, row.kind, first, second].append(row)
    for (fold, kind, first, second), shared in sorted(by_pair.items()):
        where = f"Fold {fold}: " if n_folds > 1 else ""
        n_videos = len({video for row in shared for video in row.videos})
        text = (
            f"{where}{first} and {second} have videos with the same {KINDS[kind]}: {len(shared)} "
            f"such {'group' if len(shared) == 1 else 'groups'}, {n_videos} videos. "
            f"{shortened(_names_of(shared))}"
        )
        yield Finding(level=LEVELS.get(kind, "warning"), subject=kind, text=text)


def _findings_of_overlaps(folds: Sequence[Fold], found: Sequence[Overlap]) -> Iterator[Finding]:
    """Clips that show the same moments: a leak where they are in two parts, else only said."""
    for are_parted in (True, False):
        pairs = [pair for pair in found if _are_parted(folds, pair) == are_parted]
        if pairs:
            n = f"{len(pairs)} {'pair' if len(pairs) == 1 else 'pairs'} of clips"
            where = "lie in two parts of a fold" if are_parted else "lie in one part of every fold"
            text = (
                f"{n} that overlap in their source recording, by their times, {where}: "
                f"{shortened(list(map(str, pairs)))}"
            )
            yield Finding(level="warning" if are_parted else "info", subject="source", text=text)


def _are_parted(folds: Sequence[Fold], pair: Overlap) -> bool:
    return any(
        pair.first in fold and pair.second in fold and fold[pair.first] != fold[pair.second]
        for fold in folds
    )

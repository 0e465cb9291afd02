"""Lays a file of ground truth against the true frame counts of a dataset's videos.

Each claim finds its video (`videos`) and is placed on its frames (`placing`), one vector
through all videos is cut (`whole`). Nothing is repaired here silently: each change that a claim
needs is a named repair, and what no repair can settle is an error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.normality import marked_throughout
from ml.data.truth.placing import Policy, place
from ml.data.truth.rows import Alignment, Row
from ml.data.truth.spans import Intervals, written
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.data.truth.whole import align_vector
from ml.findings import Finding, counted, shortened
from ml.naming import NO_SUCH_CLIP
from ml.records import Interval

SHOWN = 8
Reference = Mapping[str, Sequence[Interval]]


def align(
    annotations: Annotations,
    videos: VideoSet,
    *,
    policy: Policy = "repair",
    reference: Reference | None = None,
) -> Alignment:
    """Each claim beside its video, and what is to be said of the whole.

    `reference` is ground truth that is known already, by video name.
    """
    if annotations.vector is not None:
        found = align_vector(annotations, videos.in_order, reference)
    else:
        found = align_claims(annotations, videos, policy)
    if not found.rows:  # a vector that fits nothing
        return replace(found, findings=(*annotations.findings, *found.findings))
    rows = tuple(_compared(row, reference) for row in found.rows)
    named = {row.video for row in rows}
    missing = tuple(video.name for video in videos.tested if video.name not in named)
    findings = (
        *annotations.findings,
        *found.findings,
        *_order(annotations, videos),
        *_summary(rows, missing, reference),
        *_of_dataset(videos.videos),
    )
    return replace(found, rows=rows, missing=missing, findings=findings)


def align_claims(annotations: Annotations, videos: VideoSet, policy: Policy) -> Alignment:
    """Claims by name or by place, without a word on what they leave out."""
    goes_by_place = _goes_by_place(annotations, videos)
    findings = tuple(_miscounted(annotations, videos)) if goes_by_place else ()
    rows: dict[str, Row] = {}
    strangers = []
    for claim in annotations.claims:
        video = videos.find(claim)
        if goes_by_place:
            video = None if findings else videos.at(claim.position)
        if video is None:
            strangers.append(_stranger(claim, videos))
            continue
        row = place(claim, video, annotations.reading, policy)
        first = rows.get(video.name)
        rows[video.name] = row if first is None else _twice(first, row)
    return Alignment(annotations=annotations, rows=(*rows.values(), *strangers), findings=findings)


def _goes_by_place(annotations: Annotations, videos: VideoSet) -> bool:
    """Whether its clips have only their order: none of them is found by name."""
    claims = annotations.claims
    return all(claim.position is not None for claim in claims) and not any(
        videos.find(claim) for claim in claims
    )


def _miscounted(annotations: Annotations, videos: VideoSet) -> Iterator[Finding]:
    """It must have as many clips as there are, or all may be taken for their neighbours."""
    if len(annotations.claims) != len(videos.in_order):
        text = (
            f"It has {counted(len(annotations.claims), 'clip')} without names, but "
            f"{counted(len(videos.in_order), 'video')} are expected in its order"
        )
        yield Finding(level="error", subject="", text=text)


def _order(annotations: Annotations, videos: VideoSet) -> Iterator[Finding]:
    """In words, where a file without names was laid along it."""
    if annotations.vector is not None or _goes_by_place(annotations, videos):
        text = f"It names no videos, so it is taken to go through {videos.order_in_words()}"
        yield Finding(level="info", subject="", text=text)


def _stranger(claim: Claim, videos: VideoSet) -> Row:
    why = videos.why_not(claim) if claim.path else ""
    note = Finding(level="warning", subject=claim.subject, text=f"{claim.subject}: {why}")
    return Row(
        claimed_name=claim.subject,
        implied_n_frames=claim.n_frames,
        claimed=claim.intervals or (),
        repairs=("leave_out",),
        notes=(note,) if why and why != NO_SUCH_CLIP else (),
    )


def _twice(first: Row, second: Row) -> Row:
    """Two claims on one video: the same one twice is odd, two different ones are an error."""
    is_same = first.claimed == second.claimed
    text = "The file names it twice" + ("" if is_same else f": also {written(second.claimed)}")
    note = Finding(level="warning" if is_same else "error", subject=first.video, text=text)
    kept = first if is_same else replace(first, intervals=(), repairs=())  # nothing to accept
    return replace(kept, notes=(*first.notes, note))


def _compared(row: Row, reference: Reference | None) -> Row:
    """With a note where it differs from what is known of the video."""
    if not row.video or reference is None or row.video not in reference:
        return row
    known = bare(reference[row.video])
    if bare(row.intervals) == known or any(note.level == "error" for note in row.notes):
        return row
    text = f"{IN_FORCE} {written(known)}"
    return replace(row, notes=(*row.notes, Finding(level="warning", subject=row.video, text=text)))


def bare(intervals: Sequence[Interval]) -> Intervals:
    """Stretches of abnormal frames without labels, those that touch united."""
    united: list[Interval] = []
    for each in sorted(intervals, key=lambda each: each.start_frame):
        start, end = each.start_frame, each.end_frame
        if united and start <= united[-1].end_frame:
            start, end = united[-1].start_frame, max(end, united[-1].end_frame)
            united.pop()
        united.append(Interval(start_frame=start, end_frame=end))
    return tuple(united)


IN_FORCE = "The ground truth in force says"


def _summary(
    rows: Sequence[Row], missing: Sequence[str], reference: Reference | None
) -> Iterator[Finding]:
    here = [row for row in rows if row.video]
    n_abnormal = sum(bool(row.intervals) for row in here)
    n_several = sum(len(row.intervals) > 1 for row in here)
    single = sum(row.is_single_class for row in here)
    text = (
        f"It annotates {counted(len(here), 'video')} with "
        f"{counted(sum(row.n_frames for row in here), 'frame')}: {n_abnormal} with an anomaly, "
        f"{n_several} with several; {single} with frames of one kind only, so no AUC of their own"
    )
    yield Finding(level="info", subject="", text=text)
    if not here:
        yield Finding(level="error", subject="", text="It names no video of this dataset")
    yield from marked_throughout(here)
    yield from _against(here, reference)
    if missing:
        n_missing = counted(len(missing), "test video")
        text = f"It does not name {n_missing}: {shortened(missing, SHOWN)}"
        yield Finding(level="warning", subject="", text=text)


def _against(rows: Sequence[Row], reference: Reference | None) -> Iterator[Finding]:
    changed = [
        row.video for row in rows if any(note.text.startswith(IN_FORCE) for note in row.notes)
    ]
    if changed:
        n_changed = counted(len(changed), "video")
        text = f"Another ground truth is in force for {n_changed}: {shortened(changed, SHOWN)}"
        yield Finding(level="warning", subject="", text=text)
    elif reference:
        yield Finding(level="info", subject="", text="It agrees with the ground truth in force")


def _of_dataset(videos: Sequence[KnownVideo]) -> Iterator[Finding]:
    """What makes numbers on these videos doubtful, whatever the file says."""
    by_content: dict[str, list[str]] = defaultdict(list)
    parts: dict[str, set[str]] = defaultdict(set)
    for video in videos:
        if video.sha256:
            by_content[video.sha256].append(video.name)
        if video.source:
            parts[video.source].add(video.part)
    for same in by_content.values():
        if len(same) > 1:
            text = f"{counted(len(same), 'video')} have the same content: {shortened(same, SHOWN)}"
            yield Finding(level="warning", subject=same[0], text=text)
    torn = sorted(source for source, of_source in parts.items() if {"train", "test"} <= of_source)
    if torn:
        n_torn = counted(len(torn), "source")
        text = f"Training and test share {n_torn}: {shortened(torn, SHOWN)}"
        yield Finding(level="warning", subject="", text=text)

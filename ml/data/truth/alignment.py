"""Lays ground truth against the true frame counts of a dataset's videos.

Nothing is repaired here silently: each change that a claim needs is a named repair, and what no
repair can settle is an error.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.labels import intervals_in, is_near, rule_of, spread
from ml.data.truth.rows import Alignment, Intervals, KnownVideo, Row, written
from ml.data.truth.spans import fitted, of_seconds, resampled
from ml.data.truth.whole import align_vector
from ml.findings import Finding, counted
from ml.naming import NameIndex
from ml.records import BadInput, Interval

RATE_TOLERANCE = 1e-3
SHOWN = 8

__all__ = ["Alignment", "KnownVideo", "Row", "align"]


def align(
    annotations: Annotations,
    videos: Sequence[KnownVideo],
    *,
    order: Sequence[str] = (),
    reference: Mapping[str, Sequence[Interval]] | None = None,
) -> Alignment:
    """Each claim beside its video.

    `order` names the videos that a file without names goes through, by default the test videos
    as they come. `reference` is ground truth that is known already, by video name. Raise
    BadInput where `order` names a video that is not there.
    """
    in_order = _in_order(videos, order)
    if annotations.vector is not None:
        found = align_vector(annotations, in_order, reference)
    else:
        found = _align_claims(annotations, videos, in_order)
    if not found.rows:  # a vector that fits nothing
        return replace(found, findings=(*annotations.findings, *found.findings))
    rows = tuple(_compared(row, reference) for row in found.rows)
    named = {row.video for row in rows}
    missing = tuple(video.name for video in _tested(videos) if video.name not in named)
    findings = (*annotations.findings, *found.findings, *_summary(rows, missing, reference))
    return replace(found, rows=rows, missing=missing, findings=(*findings, *_of_dataset(videos)))


def _in_order(videos: Sequence[KnownVideo], order: Sequence[str]) -> list[KnownVideo]:
    by_name = {video.name: video for video in videos}
    unknown = [name for name in order if name not in by_name]
    if unknown:  # all videos after it would be taken for their neighbours
        raise BadInput(f"The order of the videos names {_some(unknown)}, not in the dataset")
    return [by_name[name] for name in order] or _tested(videos)


def _tested(videos: Sequence[KnownVideo]) -> list[KnownVideo]:
    """Where no part is known, all of them."""
    return [video for video in videos if video.part == "test"] or list(videos)


def _align_claims(
    annotations: Annotations, videos: Sequence[KnownVideo], in_order: Sequence[KnownVideo]
) -> Alignment:
    index = NameIndex(videos, name=lambda each: each.name, part=lambda each: each.part)
    by_position = [claim for claim in annotations.claims if claim.position is not None]
    findings = []
    if by_position and len(by_position) != len(in_order):
        text = (
            f"It has {counted(len(by_position), 'clip')} without names, but "
            f"{counted(len(in_order), 'video')} are expected in its order"
        )
        findings.append(Finding(level="error", subject="", text=text))
    rows: dict[str, Row] = {}
    strangers = []
    for claim in annotations.claims:
        video = _video_of(claim, index, in_order)
        row = _row(claim, video, annotations)
        if video is None:
            strangers.append(row)
        elif video.name in rows:
            rows[video.name] = _twice(rows[video.name], row)
        else:
            rows[video.name] = row
    return Alignment(
        annotations=annotations, rows=(*rows.values(), *strangers), findings=tuple(findings)
    )


def _video_of(
    claim: Claim, index: NameIndex[KnownVideo], in_order: Sequence[KnownVideo]
) -> KnownVideo | None:
    if claim.position is None:
        return index.find(claim.path, part=claim.part)
    return in_order[claim.position] if claim.position < len(in_order) else None


def _row(claim: Claim, video: KnownVideo | None, annotations: Annotations) -> Row:
    if video is None:
        return Row(
            claimed_name=claim.subject,
            implied_n_frames=claim.n_frames,
            claimed=claim.intervals or (),
            repairs=("leave_out",),
        )
    base = Row(
        video=video.name,
        claimed_name=claim.subject,
        n_frames=video.n_frames,
        implied_n_frames=claim.n_frames,
    )
    if text := _unusable(claim, video, annotations.reading.rate):
        note = Finding(level="error", subject=video.name, text=text)
        return replace(base, claimed=claim.intervals or (), notes=(note,))
    if claim.labels is not None:
        return _row_of_labels(base, claim)
    return _row_of_spans(base, claim, video, annotations.reading.rate)


def _unusable(claim: Claim, video: KnownVideo, rate: float | None) -> str:
    if claim.labels is None and claim.intervals is None and claim.seconds is None:
        return "The file says that it is abnormal, but not where"
    if not video.n_frames:
        return "How many frames it has is not known"
    if not video.fps and (claim.seconds or (rate and claim.intervals)):
        return "Its frame rate is not known, so times in it cannot be turned into frames"
    return ""


def _row_of_spans(base: Row, claim: Claim, video: KnownVideo, rate: float | None) -> Row:
    claimed: Intervals = claim.intervals or ()
    repairs: list[str] = []
    if claim.seconds is not None:
        claimed = of_seconds(claim.seconds, video.fps)
    elif rate and video.fps and abs(rate / video.fps - 1) > RATE_TOLERANCE:
        claimed, repairs = resampled(claimed, rate, video.fps), ["resample"]
    intervals, more = fitted(claimed, video.n_frames)
    return replace(
        base,
        claimed=claimed,
        intervals=intervals,
        repairs=(*repairs, *more),
        notes=tuple(_count_note(claim, video)),
    )


def _count_note(claim: Claim, video: KnownVideo) -> Iterator[Finding]:
    if claim.n_frames is not None and claim.n_frames != video.n_frames:
        text = f"The file takes it for {counted(claim.n_frames, 'frame')}"
        yield Finding(level="warning", subject=video.name, text=text)


def _row_of_labels(base: Row, claim: Claim) -> Row:
    assert claim.labels is not None
    n_labels = len(claim.labels)
    claimed = intervals_in(claim.labels, claim.label)
    rule = rule_of(n_labels, base.n_frames)
    if not rule and not is_near(n_labels, base.n_frames):
        text = f"{n_labels} labels cannot belong to a video of {base.n_frames} frames"
        note = Finding(level="error", subject=base.video, text=text)
        return replace(base, claimed=claimed, notes=(note,))
    labels, repairs = spread(claim.labels, base.n_frames)
    return replace(
        base,
        rule=rule,
        claimed=claimed,
        intervals=intervals_in(labels, claim.label),
        repairs=tuple(repairs),
    )


def _twice(first: Row, second: Row) -> Row:
    """Two claims on one video: the same one twice is odd, two different ones are an error."""
    is_same = first.claimed == second.claimed
    text = "The file names it twice" + ("" if is_same else f": also {written(second.claimed)}")
    note = Finding(level="warning" if is_same else "error", subject=first.video, text=text)
    kept = first if is_same else replace(first, intervals=(), repairs=())  # nothing to accept
    return replace(kept, notes=(*first.notes, note))


def _compared(row: Row, reference: Mapping[str, Sequence[Interval]] | None) -> Row:
    """With a note where it differs from what is known of the video."""
    if not row.video or reference is None or row.video not in reference:
        return row
    known = _bare(reference[row.video])
    if _bare(row.intervals) == known or any(note.level == "error" for note in row.notes):
        return row
    text = f"The ground truth in force says {written(known)}"
    return replace(row, notes=(*row.notes, Finding(level="warning", subject=row.video, text=text)))


def _bare(intervals: Sequence[Interval]) -> Intervals:
    """Stretches of abnormal frames without labels, those that touch united."""
    united: list[Interval] = []
    for each in sorted(intervals, key=lambda each: each.start_frame):
        start, end = each.start_frame, each.end_frame
        if united and start <= united[-1].end_frame:
            start, end = united[-1].start_frame, max(end, united[-1].end_frame)
            united.pop()
        united.append(Interval(start_frame=start, end_frame=end))
    return tuple(united)


def _summary(
    rows: Sequence[Row],
    missing: Sequence[str],
    reference: Mapping[str, Sequence[Interval]] | None,
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
    changed = [row.video for row in here if any(map(_is_difference, row.notes))]
    if changed:
        n_changed = counted(len(changed), "video")
        text = f"Another ground truth is in force for {n_changed}: {_some(changed)}"
        yield Finding(level="warning", subject="", text=text)
    elif reference:
        yield Finding(level="info", subject="", text="It agrees with the ground truth in force")
    if missing:
        text = f"It does not name {counted(len(missing), 'test video')}: {_some(missing)}"
        yield Finding(level="warning", subject="", text=text)


def _is_difference(note: Finding) -> bool:
    return note.text.startswith("The ground truth in force")


def _some(names: Sequence[str]) -> str:
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _of_dataset(videos: Sequence[KnownVideo]) -> Iterator[Finding]:
    """What makes numbers on these videos doubtful, whatever the file says."""
    hashes = Counter(video.sha256 for video in videos if video.sha256)
    for video_hash in (each for each, count in hashes.items() if count > 1):
        same = [video.name for video in videos if video.sha256 == video_hash]
        text = f"{counted(len(same), 'video')} have the same content: {_some(same)}"
        yield Finding(level="warning", subject=same[0], text=text)
    parts: dict[str, set[str]] = defaultdict(set)
    for video in videos:
        if video.source:
            parts[video.source].add(video.part)
    torn = sorted(source for source, of_source in parts.items() if {"train", "test"} <= of_source)
    if torn:
        text = f"Training and test share {counted(len(torn), 'source')}: {_some(torn)}"
        yield Finding(level="warning", subject="", text=text)

"""Takes what a file marks as normal out of what it says: one rule for every format."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.rows import Row
from ml.findings import Finding, counted, shortened
from ml.normal import (
    NORMAL,
    SHOWN_LABELS,
    is_mark,
    is_normal,
    label_in,
    normal_among,
    video_label,
)
from ml.records import Interval

FRAMES_APART = 1  # an end may be meant inclusive
SECONDS_APART = 0.1
WHOLE = 0.95  # of a video: people leave small gaps between stretches
Span = tuple[float, float, str]


@dataclass
class _Taken:
    """What was taken as normal."""

    labels: dict[str, None] = field(default_factory=dict)
    n_spans: int = 0
    videos: dict[str, None] = field(default_factory=dict)
    only_normal: list[str] = field(default_factory=list)  # and nobody knows how far they go
    unmarked: list[str] = field(default_factory=list)
    contradicted: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)  # of a class, but without a stretch


def without_normal(
    annotations: Annotations, *, source: str, also: Collection[str] = ()
) -> Annotations:
    """The claims with abnormal stretches alone, labels of videos `normal` or a class.

    `also` are labels that are normal in this dataset. Findings say which labels were taken as
    normal. Raise BadInput where labels are numbers or letters and nobody knows what they say.
    """
    also = normal_among(_labels(annotations.claims), source, also)
    taken = _Taken()
    claims = tuple(_abnormal(claim, also, taken) for claim in annotations.claims)
    findings = (*annotations.findings, *_findings_of(taken, source))
    return replace(annotations, claims=claims, findings=findings)


def own_labels(given: Iterable[str]) -> tuple[str, ...]:
    """A dataset's own normal labels without spaces around them, empty ones and repetitions."""
    return tuple(dict.fromkeys(label.strip() for label in given if label.strip()))


def _labels(claims: Iterable[Claim]) -> Iterator[str]:
    for claim in claims:
        yield claim.label
        yield from (label for _start, _end, label in _spans(claim))


def _spans(claim: Claim) -> Sequence[Span]:
    if claim.seconds is not None:
        return claim.seconds
    return [(each.start_frame, each.end_frame, each.label) for each in claim.intervals or ()]


def _abnormal(claim: Claim, also: Collection[str], taken: _Taken) -> Claim:
    normal = [span for span in _spans(claim) if is_normal(span[2], also)]
    found = replace(claim, label=video_label(claim.label, also))
    if claim.seconds is not None:
        found = replace(found, seconds=tuple(_left(claim.seconds, also)))
    elif claim.intervals is not None:
        found = replace(
            found,
            intervals=tuple(_left_frames(claim.intervals, also)),
            also_seconds=tuple(_left(claim.also_seconds, also)),
        )
    elif claim.labels is None and found.label == NORMAL:
        found = replace(found, intervals=())
        taken.labels[claim.label.strip()] = None
        taken.videos[claim.subject] = None
    _note(found, normal, taken)
    return found


def _left(spans: Iterable[Span], also: Collection[str]) -> Iterator[Span]:
    for start, end, label in spans:
        if not is_normal(label, also):
            yield start, end, _class(label)


def _left_frames(intervals: Iterable[Interval], also: Collection[str]) -> Iterator[Interval]:
    for each in intervals:
        if not is_normal(each.label, also):
            yield replace(each, label=_class(each.label))


def _class(label: str) -> str:
    found = label_in(label)
    return "" if is_mark(found) else found


def _note(claim: Claim, normal: Sequence[Span], taken: _Taken) -> None:
    is_abnormal = bool(claim.intervals or claim.seconds) or (
        claim.labels is not None and bool(claim.labels.any())
    )
    if is_abnormal and claim.label == NORMAL:
        taken.contradicted.append(claim.subject)
    is_silent = claim.labels is None and claim.intervals is None and claim.seconds is None
    if not (is_abnormal or is_silent or normal) and claim.label not in ("", NORMAL):
        taken.empty.append(claim.subject)
    if not normal:
        return
    taken.labels |= dict.fromkeys(label.strip() for _start, _end, label in normal)
    taken.n_spans += len(normal)
    taken.videos[claim.subject] = None
    if not is_abnormal:
        end = _end(claim)
        left = taken.unmarked if _leaves_some(claim, normal, end) else taken.only_normal
        if left is taken.unmarked or end is None:
            left.append(claim.subject)


def _end(claim: Claim) -> float | None:
    """Of the video in the unit of the spans, as far as the file tells."""
    return claim.duration_seconds if claim.seconds is not None else claim.n_frames


def _leaves_some(claim: Claim, normal: Sequence[Span], end: float | None) -> bool:
    """Whether normal stretches do not cover the video from its start to its known end."""
    apart = SECONDS_APART if claim.seconds is not None else FRAMES_APART
    reached = 0.0
    for start, stop, _label in sorted(normal):
        if start > reached + apart:
            return True
        reached = max(reached, stop)
    return end is not None and end > reached + apart


def _findings_of(taken: _Taken, source: str) -> Iterator[Finding]:
    if taken.labels:
        yield Finding(level="info", subject=source, text=_in_words(taken))
    if taken.unmarked:
        text = (
            "only normal stretches are marked, and they leave some of the video open: what lies "
            f"between them counts as normal, too ({shortened(taken.unmarked)})"
        )
        yield Finding(level="warning", subject=source, text=text)
    if taken.empty:
        text = (
            f"{counted(len(taken.empty), 'video')} called by a class, but without a stretch, so "
            f"normal throughout: {shortened(taken.empty)}"
        )
        yield Finding(level="warning", subject=source, text=text)
    if taken.contradicted:
        text = (
            f"{counted(len(taken.contradicted), 'video')} called normal, but with abnormal "
            f"stretches, which count: {shortened(taken.contradicted)}"
        )
        yield Finding(level="warning", subject=source, text=text)


def _in_words(taken: _Taken) -> str:
    labels = shortened([repr(label) for label in taken.labels], SHOWN_LABELS)
    text = (
        f"taken as normal: {labels} ({_stretches(taken.n_spans)}, "
        f"{counted(len(taken.videos), 'video')}): they make nothing abnormal"
    )
    if taken.only_normal:
        text += f". What they leave open of {shortened(taken.only_normal)} counts as normal, too"
    return text


def marked_throughout(rows: Iterable[Row]) -> Iterator[Finding]:
    """Where classes go through a whole video, one of them may be what is normal there."""
    found = [row for row in rows if _is_marked_throughout(row)]
    if found:
        labels = list(dict.fromkeys(e.label for row in found for e in row.intervals if e.label))
        text = (
            f"{counted(len(found), 'video')} abnormal from end to end by the labels "
            f"{shortened(labels, SHOWN_LABELS)}: if one of these says normal, name it as a normal "
            f"label ({shortened([row.video for row in found])})"
        )
        yield Finding(level="warning", subject="", text=text)


def _is_marked_throughout(row: Row) -> bool:
    n_marked = sum(each.end_frame - each.start_frame for each in row.intervals)
    has_classes = any(each.label for each in row.intervals)
    return bool(row.n_frames) and has_classes and n_marked >= WHOLE * row.n_frames


def _stretches(n: int) -> str:
    return f"{n:,} stretch" + ("" if n == 1 else "es")

"""Takes what a file marks as normal out of what it says: one rule for every format."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.rows import Row
from ml.findings import Finding, counted, shortened
from ml.normal import NORMAL, canonical_label, is_normal
from ml.records import BadInput, Interval

FRAMES_APART = 1  # an end may be meant inclusive
SECONDS_APART = 0.1
# Says abnormal and names no class.
MARKED = frozenset(
    {
        "1", "1.0", "true", "yes", "y", "positive",
        "はい", "あり", "有り", "有", "是", "예", "네", "있음",
    }
)  # fmt: skip
# A letter or number that says no beside the one that says yes; elsewhere it may be a class.
NO_BESIDE = {"n": ("y", "a", "p"), "f": ("t",), "-1": ("1",)}
UNCLEAR = ("n", "-1")
EITHER_WAY = (frozenset({"o", "x"}), frozenset({"○", "×"}), frozenset({"○", "✕"}))
SHOWN_LABELS = 5
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
    _check_numbers(annotations.claims, source, also)
    also = (*also, *_said_no(annotations.claims, source, also))
    taken = _Taken()
    claims = tuple(_abnormal(claim, also, taken) for claim in annotations.claims)
    findings = (*annotations.findings, *_told(taken, source))
    return replace(annotations, claims=claims, findings=findings)


def own_labels(given: Iterable[str]) -> tuple[str, ...]:
    """A dataset's own normal labels without spaces around them, empty ones and repetitions."""
    return tuple(dict.fromkeys(label.strip() for label in given if label.strip()))


def _check_numbers(claims: Iterable[Claim], source: str, also: Collection[str]) -> None:
    """A 0 beside 1 is normal; beside other numbers it may be the first of the classes."""
    labels = {label.strip() for claim in claims for _start, _end, label in _spans(claim)}
    numbers = sorted((label for label in labels if label.isdecimal()), key=int)
    if numbers[:1] == ["0"] and int(numbers[-1]) > 1 and not _is_own("0", also):
        raise BadInput(
            f"{source}: its labels are numbers ({shortened(numbers, SHOWN_LABELS)}), and 0 may be "
            "normal or the first class: name it as a normal label, or write names"
        )


def _said_no(claims: Iterable[Claim], source: str, also: Collection[str]) -> Iterator[str]:
    """What says no in a file of nothing but yes and no. Raise BadInput where it may be a class."""
    labels = {label.strip().casefold() for claim in claims for *_ends, label in _spans(claim)}
    labels |= {claim.label.strip().casefold() for claim in claims}
    named = {label for label in labels if label and not is_normal(label, also)}
    if len(named) > 1 and any(named <= pair for pair in EITHER_WAY):
        raise BadInput(
            f"{source}: either of {' and '.join(sorted(named))} may say normal: name the one that "
            "does as a normal label, or write words"
        )
    for no, beside in NO_BESIDE.items():
        if any(named == {no, yes} for yes in beside):
            yield no
        elif no in named and no in UNCLEAR:
            raise BadInput(
                f"{source}: the label {no!r} may say normal or be a class: name it as a normal "
                "label, or write words"
            )


def _is_own(label: str, also: Collection[str]) -> bool:
    return label.strip().casefold() in {each.strip().casefold() for each in also}


def _spans(claim: Claim) -> Sequence[Span]:
    if claim.seconds is not None:
        return claim.seconds
    return [(each.start_frame, each.end_frame, each.label) for each in claim.intervals or ()]


def _abnormal(claim: Claim, also: Collection[str], taken: _Taken) -> Claim:
    normal = [span for span in _spans(claim) if is_normal(span[2], also)]
    found = replace(claim, label=canonical_label(claim.label.strip(), also))
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
    stripped = label.strip()
    return "" if stripped.casefold() in MARKED else stripped


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


def _told(taken: _Taken, source: str) -> Iterator[Finding]:
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

"""What every ground-truth format gives: claims about videos, in frames from 0, ends exclusive."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from ml.catalogue import Catalogue
from ml.data.truth.claims import Annotations, Claim, Reading, Seconds
from ml.data.truth.source import Source
from ml.findings import Finding, shortened
from ml.naming import repeated
from ml.normal import is_normal
from ml.records import BadInput, Interval
from ml.tables import number_of

PEEKED_LINES = 200
MAX_SECONDS = 10**9  # of a time in a video: 30 years


class AnnotationFormat(ABC):
    """One way to write ground truth. One that `is_general` is asked when no other fits."""

    title: ClassVar[str]
    reading: ClassVar[Reading] = Reading()
    is_general: ClassVar[bool] = False

    @classmethod
    @abstractmethod
    def recognises(cls, source: Source) -> bool:
        """Whether the content looks like it; names and endings do not count."""

    @classmethod
    def stated(cls, source: Source) -> dict[str, Any]:
        """How a file that it recognises says itself that it counts: "base", "end", "rate"."""
        return {}

    @classmethod
    @abstractmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        """Claims of a file that it recognises, as `reading` counts. May raise BadInput."""


class LineFormat(AnnotationFormat):
    """Every line is a video and looks like `pattern`."""

    pattern: ClassVar[re.Pattern[str]]
    share: ClassVar[float] = 0.9  # of the lines that must fit; the others are reported

    @classmethod
    def recognises(cls, source: Source) -> bool:
        peeked = source.text.lines[:PEEKED_LINES]
        n_fitting = sum(cls.pattern.fullmatch(line) is not None for line in peeked)
        return bool(peeked) and n_fitting >= cls.share * len(peeked)

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims, findings = [], []
        for number, line in source.text.numbered:
            match = cls.pattern.fullmatch(line)
            if match:
                try:
                    claims.append(cls.claim(match, reading))
                except BadInput as error:
                    raise BadInput(f"{source.name}, line {number}: {error}") from error
            else:
                text = f"line {number} is not understood: {line[:80]!r}"
                findings.append(Finding(level="error", subject=source.name, text=text))
        return Annotations(claims=tuple(claims), findings=tuple(findings))

    @classmethod
    @abstractmethod
    def claim(cls, match: re.Match[str], reading: Reading) -> Claim: ...


def pairs(numbers: Sequence[int], reading: Reading, label: str = "") -> tuple[Interval, ...]:
    """Start, end, start, end, …; a pair of -1 stands for none, and normal is no one's label.

    Raise BadInput where a start has no end.
    """
    label = "" if is_normal(label) else label  # of a video; what is said of stretches counts
    if len(numbers) % 2:
        raise BadInput(f"{len(numbers)} numbers are no pairs of start and end")
    couples = [each for each in zip(numbers[::2], numbers[1::2], strict=True) if each != (-1, -1)]
    if half := [couple for couple in couples if -1 in couple]:
        raise BadInput(f"{half[0][0]} {half[0][1]} is an event with one end: -1 stands for none")
    return tuple(reading.interval(start, end, label) for start, end in couples)


def span_of_seconds(start: float, end: float, label: str = "") -> Seconds:
    """Raise BadInput for what is no time in a video, such as NaN."""
    if not (abs(start) <= MAX_SECONDS and abs(end) <= MAX_SECONDS):
        raise BadInput(f"{start} to {end} are no seconds")
    return start, end, label


def number(value: Any, what: str) -> float:
    """Of JSON, where it may stand in a text. Raise BadInput, naming `what` it should be."""
    if isinstance(value, str):
        try:
            return number_of(value.strip())
        except ValueError as error:
            raise BadInput(f"{what} {value[:40]!r} {error}") from error
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInput(f"{what} {str(value)[:40]!r} is no number")
    return float(value)


def whole(value: Any, what: str) -> int:
    """As `number`; a fraction is refused, since nothing is rounded in silence."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = number(value, what)
    if not found.is_integer():
        raise BadInput(f"{what} {value} is no whole number")
    return int(found)


def label_of(value: Any) -> str:
    """Of JSON: 0 and false say something, null and an empty text do not."""
    return "" if value is None else str(value)


def named_once(claims: Iterable[Claim]) -> tuple[Claim, ...]:
    """Raise BadInput where two of them are about one video, by its name as it is written."""
    found = tuple(claims)
    if twice := repeated(claim.path for claim in found):
        raise BadInput(f"two entries are about {shortened(twice)}: make them one")
    return found


def united(intervals: Iterable[Interval]) -> list[Interval]:
    """Several objects at once are one stretch of abnormal frames for each label."""
    by_label: dict[str, list[Interval]] = defaultdict(list)
    for interval in sorted(intervals, key=lambda each: each.start_frame):
        of_label = by_label[interval.label]
        if of_label and interval.start_frame <= of_label[-1].end_frame:
            end = max(of_label[-1].end_frame, interval.end_frame)
            start = of_label[-1].start_frame
            of_label[-1] = Interval(start_frame=start, end_frame=end, label=interval.label)
        else:
            of_label.append(interval)
    return [interval for of_label in by_label.values() for interval in of_label]


FORMATS: Catalogue[AnnotationFormat] = Catalogue("ml.data.truth.formats", "format")
register = FORMATS.register


def numbers_in(text: str) -> Iterator[int]:
    return (int(word) for word in re.findall(r"-?\d+", text))

"""What every ground-truth format gives: claims about videos, in frames from 0, ends exclusive."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar

from ml.data.truth.claims import Annotations, Claim, Reading, Seconds
from ml.data.truth.source import Source
from ml.findings import Finding
from ml.records import BadInput, Interval

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
        peeked = source.lines[:PEEKED_LINES]
        n_fitting = sum(cls.pattern.fullmatch(line) is not None for line in peeked)
        return bool(peeked) and n_fitting >= cls.share * len(peeked)

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        claims, findings = [], []
        for number, line in enumerate(source.lines, start=1):
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
    """Start, end, start, end, …; a pair of -1 stands for none.

    Raise BadInput where a start has no end.
    """
    if len(numbers) % 2:
        raise BadInput(f"{len(numbers)} numbers are no pairs of start and end")
    couples = zip(numbers[::2], numbers[1::2], strict=True)
    return tuple(
        reading.interval(start, end, label) for start, end in couples if (start, end) != (-1, -1)
    )


def span_of_seconds(start: float, end: float, label: str = "") -> Seconds:
    """Raise BadInput for what is no time in a video, such as NaN."""
    if not (abs(start) <= MAX_SECONDS and abs(end) <= MAX_SECONDS):
        raise BadInput(f"{start} to {end} are no seconds")
    return start, end, label


FORMATS: dict[str, type[AnnotationFormat]] = {}


def register(kind: type[AnnotationFormat]) -> type[AnnotationFormat]:
    """Add a format to the catalogue under the name of its module."""
    name = kind.__module__.rpartition(".")[2]
    if name in FORMATS and FORMATS[name] is not kind:
        raise ValueError(f"{kind.__module__} registers a second format")
    FORMATS[name] = kind
    return kind


def in_order() -> Iterable[tuple[str, type[AnnotationFormat]]]:
    """Special formats before general ones, otherwise by name."""
    return sorted(FORMATS.items(), key=lambda item: (item[1].is_general, item[0]))


def numbers_in(text: str) -> Iterator[int]:
    return (int(word) for word in re.findall(r"-?\d+", text))

"""What every ground-truth format gives: claims about videos, in frames from 0, ends exclusive."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ml.records import BadInput, Interval, natural_key
from ml.splits.lists._names import without_ending

Labels = NDArray[np.uint8]
End = Literal["inclusive", "exclusive"]
MAX_TEXT_BYTES = 64_000_000
PEEKED_LINES = 200
MAX_SECONDS = 10**9  # of a time in a video: 30 years
LFS = b"version https://git-lfs"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about a video or a file."""

    level: Literal["error", "warning", "info"]
    subject: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file counts. `rate` in frames per second; None means the video's own frames."""

    base: int | None = None  # number of the first frame, 0 or 1
    end: End | None = None
    rate: float | None = None

    def interval(self, start: int, end: int, label: str = "") -> Interval:
        """As it is written in the file, to frames from 0 and an exclusive end."""
        base = self.base or 0
        last = 1 if self.end == "inclusive" else 0
        return Interval(start_frame=start - base, end_frame=end - base + last, label=label)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a file says of one video.

    At most one of `intervals` (frames), `seconds` (start, end, label) and `labels` (n,) 0 or 1
    is given, none where a video is abnormal and nobody says where; empty intervals say that it
    is normal. `name` has neither folder nor ending, and is empty where a file lists clips by
    `position`, counted from 0. `n_frames` is the file's word.
    """

    name: str = ""
    folder: str = ""
    position: int | None = None
    intervals: tuple[Interval, ...] | None = None
    seconds: tuple[tuple[float, float, str], ...] | None = None
    labels: Labels | None = None
    label: str = ""
    n_frames: int | None = None

    @property
    def subject(self) -> str:
        """For people."""
        unnamed = "a video without a name" if self.position is None else f"clip {self.position + 1}"
        return self.name or unnamed


@dataclass(frozen=True, kw_only=True)
class Annotations:
    """A file's claims, or one `vector` (n,) of 0 and 1 that runs through all videos."""

    format: str = ""
    title: str = ""
    reading: Reading = field(default_factory=Reading)
    claims: tuple[Claim, ...] = ()
    vector: Labels | None = None
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Source:
    """A file or a folder, looked at by many formats but read once."""

    path: Path
    name: str  # as it was given, which `path` need not be

    @cached_property
    def data(self) -> bytes:
        """The whole file; empty for a folder. Raise BadInput where it is too large for a text."""
        if self.path.is_dir():
            return b""
        if self.path.stat().st_size > MAX_TEXT_BYTES:
            raise BadInput(f"{self.name} is larger than {MAX_TEXT_BYTES // 1_000_000} MB")
        return self.path.read_bytes()

    @cached_property
    def head(self) -> bytes:
        if self.path.is_dir():
            return b""
        with self.path.open("rb") as file:
            return file.read(65_536)

    @cached_property
    def is_text(self) -> bool:
        return bool(self.head) and b"\0" not in self.head

    @cached_property
    def text(self) -> str:
        """UTF-8, or Latin-1 where that fails: every byte is a letter there."""
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return self.data.decode("latin-1")

    @cached_property
    def lines(self) -> list[str]:
        """Those with something in them; empty for what is no text."""
        if not self.is_text:
            return []
        return [line.strip() for line in self.text.splitlines() if line.strip()]


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


def split_path(path: str) -> tuple[str, str]:
    """Folder and name, the ending of a video taken off. Windows paths are understood."""
    folder, _slash, name = path.strip().replace("\\", "/").rpartition("/")
    return folder, without_ending(name)


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


def span_of_seconds(start: float, end: float, label: str = "") -> tuple[float, float, str]:
    """Raise BadInput for what is no time in a video, such as NaN."""
    if not (abs(start) <= MAX_SECONDS and abs(end) <= MAX_SECONDS):
        raise BadInput(f"{start} to {end} are no seconds")
    return start, end, label


def files_in(folder: Path, pattern: str) -> list[Path]:
    """Without hidden files, as macOS makes, and without links that lead out of the folder."""
    found = (path for path in folder.glob(pattern) if not path.name.startswith("."))
    inside = folder.resolve()
    kept = (path for path in found if path.is_file() and path.resolve().is_relative_to(inside))
    return sorted(kept, key=lambda path: natural_key(path.name))


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

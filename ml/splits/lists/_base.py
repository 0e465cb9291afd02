"""What every format of split list gives: the videos that it names, in its order."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from ml.findings import Finding
from ml.records import Part


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One video of a list.

    `name` has neither folder nor ending. What the list does not say is empty. `n_frames` is
    what the list claims, never checked here.
    """

    name: str
    folder: str = ""
    label: str = ""
    part: Part | None = None
    n_frames: int | None = None

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name


@dataclass(frozen=True, kw_only=True)
class SplitList:
    """A file's distinct videos, and what is odd about its lines."""

    format: str
    n_lines: int
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...] = field(default_factory=tuple)


class ListFormat(ABC):
    """One way to list videos. A format that `is_general` is asked only when no other fits."""

    title: ClassVar[str]
    is_general: ClassVar[bool] = False
    folds_crops: ClassVar[bool] = False  # several lines, one per crop, are one video

    @classmethod
    @abstractmethod
    def recognises(cls, lines: Sequence[str]) -> bool: ...

    @classmethod
    @abstractmethod
    def entries(cls, lines: Sequence[str]) -> Iterator[Entry]:
        """Of lines that it recognises. May raise BadInput where one cannot be meant."""


class LineFormat(ListFormat):
    """Every line is a video and looks like `pattern`."""

    pattern: ClassVar[re.Pattern[str]]

    @classmethod
    def fits(cls, line: str) -> bool:
        return cls.pattern.fullmatch(line) is not None

    @classmethod
    def recognises(cls, lines: Sequence[str]) -> bool:
        return all(cls.fits(line) for line in lines)

    @classmethod
    def entries(cls, lines: Sequence[str]) -> Iterator[Entry]:
        matches = (cls.pattern.fullmatch(line) for line in lines)
        return (cls.entry(match) for match in matches if match)

    @classmethod
    @abstractmethod
    def entry(cls, match: re.Match[str]) -> Entry: ...


FORMATS: dict[str, type[ListFormat]] = {}


def register(kind: type[ListFormat]) -> type[ListFormat]:
    """Add a format to the catalogue under the name of its module."""
    name = kind.__module__.rpartition(".")[2]
    if name in FORMATS and FORMATS[name] is not kind:
        raise ValueError(f"{kind.__module__} registers a second format")
    FORMATS[name] = kind
    return kind


def in_order() -> Iterable[tuple[str, type[ListFormat]]]:
    """Special formats before general ones, otherwise by name."""
    return sorted(FORMATS.items(), key=lambda item: (item[1].is_general, item[0]))

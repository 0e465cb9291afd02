"""What every format of split list gives: the videos that it names, in its order."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from ml.catalogue import Catalogue
from ml.findings import Finding
from ml.records import Part
from ml.text_files import TextFile


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One video of a list.

    `name` has neither folder nor ending. What the list does not say is empty. `ending` is that
    of a video file; `n_frames` is what the list claims, never checked here.
    """

    name: str
    folder: str = ""
    label: str = ""
    part: Part | None = None
    n_frames: int | None = None
    ending: str = ""

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}" if self.folder else self.name

    @property
    def file(self) -> str:
        """As the list has it: two videos may differ in their endings alone."""
        return f"{self.path}{self.ending}"


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
    def recognises(cls, file: TextFile) -> bool: ...

    @classmethod
    @abstractmethod
    def entries(cls, file: TextFile) -> Iterator[Entry]:
        """Of a file that it recognises. May raise BadInput where one cannot be meant."""

    @classmethod
    def notes(cls, file: TextFile) -> Iterable[Finding]:
        """What of a file that it recognises is not used. May raise BadInput."""
        return ()


class LineFormat(ListFormat):
    """Every line is a video and looks like `pattern`."""

    pattern: ClassVar[re.Pattern[str]]

    @classmethod
    def fits(cls, line: str) -> bool:
        return cls.pattern.fullmatch(line) is not None

    @classmethod
    def recognises(cls, file: TextFile) -> bool:
        return all(cls.fits(line) for line in file.lines)

    @classmethod
    def entries(cls, file: TextFile) -> Iterator[Entry]:
        matches = (cls.pattern.fullmatch(line) for line in file.lines)
        return (cls.entry(match) for match in matches if match)

    @classmethod
    @abstractmethod
    def entry(cls, match: re.Match[str]) -> Entry: ...


FORMATS: Catalogue[ListFormat] = Catalogue("ml.splits.lists", "format")
register = FORMATS.register

"""What every format of split list gives: the videos that it names, in its order."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar

from ml.findings import Finding
from ml.records import BadInput, Part
from ml.registries import Registry
from ml.tables import Table, decode, lines_of, read_grid, read_table

MAX_HEADING = 10_000  # characters of a first line that may hold the names of columns


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


@dataclass(frozen=True)
class ListFile:
    """A file, looked at by many formats but read once."""

    data: bytes
    name: str

    @cached_property
    def _decoded(self) -> tuple[str, tuple[Finding, ...]]:
        return decode(self.data, self.name)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """About its encoding."""
        return self._decoded[1]

    @cached_property
    def numbered(self) -> list[tuple[int, str]]:
        """Lines with something in them, and their numbers from 1."""
        lines = enumerate(lines_of(self._decoded[0]), start=1)
        return [(number, line.strip()) for number, line in lines if line.strip()]

    @cached_property
    def lines(self) -> list[str]:
        return [line for _number, line in self.numbered]

    @cached_property
    def headings(self) -> tuple[str, ...]:
        """Cells of the first line in lower case, if it is the first line of a table."""
        try:
            cells = read_grid(self.lines[0][:MAX_HEADING].encode(), self.name).rows[0].cells
        except (BadInput, IndexError):
            return ()
        return tuple(cell.lower() for cell in cells)

    @cached_property
    def table(self) -> Table:
        """Raise BadInput where it is none."""
        return read_table(self.data, self.name)


class ListFormat(ABC):
    """One way to list videos. A format that `is_general` is asked only when no other fits."""

    title: ClassVar[str]
    is_general: ClassVar[bool] = False
    folds_crops: ClassVar[bool] = False  # several lines, one per crop, are one video

    @classmethod
    @abstractmethod
    def recognises(cls, file: ListFile) -> bool: ...

    @classmethod
    @abstractmethod
    def entries(cls, file: ListFile) -> Iterator[Entry]:
        """Of a file that it recognises. May raise BadInput where one cannot be meant."""

    @classmethod
    def notes(cls, file: ListFile) -> Iterable[Finding]:
        """What of a file that it recognises is not used. May raise BadInput."""
        return ()


class LineFormat(ListFormat):
    """Every line is a video and looks like `pattern`."""

    pattern: ClassVar[re.Pattern[str]]

    @classmethod
    def fits(cls, line: str) -> bool:
        return cls.pattern.fullmatch(line) is not None

    @classmethod
    def recognises(cls, file: ListFile) -> bool:
        return all(cls.fits(line) for line in file.lines)

    @classmethod
    def entries(cls, file: ListFile) -> Iterator[Entry]:
        matches = (cls.pattern.fullmatch(line) for line in file.lines)
        return (cls.entry(match) for match in matches if match)

    @classmethod
    @abstractmethod
    def entry(cls, match: re.Match[str]) -> Entry: ...


FORMATS: Registry[ListFormat] = Registry("ml.splits.lists", "format")
register = FORMATS.register

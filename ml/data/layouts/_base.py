"""What every format gives: a list of videos, and their ground truth once they are counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from ml.findings import Finding
from ml.records import Interval, Part


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A video found on disk, not opened yet.

    `name` is the path below the dataset's folder without its ending. `fps` is the rate at
    which images were taken; video files carry their own, which stands here once they are probed.
    `frame_numbers` is `order` where somebody said that the pictures of a folder count as they lie.
    """

    name: str
    path: str
    kind: Literal["file", "frames"]
    part: Part = "test"
    label: str = ""
    fps: float | None = None
    frame_numbers: str = ""


@dataclass(frozen=True, kw_only=True)
class GroundTruth:
    """Valid intervals of the videos that have some; `source` is empty where nothing was given."""

    source: str = ""
    intervals: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


class Format(ABC):
    """A dataset on disk, read by the rules of one layout."""

    title: ClassVar[str]
    is_general: ClassVar[bool] = False  # asked when no other fits

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    @abstractmethod
    def recognises(cls, folder: Path) -> bool:
        """Whether the content of `folder` looks like this layout."""

    @abstractmethod
    def videos(self) -> tuple[list[Listed], list[Finding]]: ...

    @abstractmethod
    def ground_truth(self, videos: list[Listed], n_frames: Mapping[str, int]) -> GroundTruth:
        """`n_frames` has the true counts of the readable videos alone, by name.

        Those of `videos` that are readable have their true rate.
        """


FORMATS: dict[str, type[Format]] = {}


def register(layout: type[Format]) -> type[Format]:
    """Add a format to the catalogue under the name of its module."""
    name = layout.__module__.rpartition(".")[2]
    if name in FORMATS and FORMATS[name] is not layout:
        raise ValueError(f"{layout.__module__} registers a second format")
    FORMATS[name] = layout
    return layout

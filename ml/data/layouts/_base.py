"""What every layout gives: a list of videos, and which files are about them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from ml.catalogue import Catalogue
from ml.data.truth.resolving import Truth
from ml.findings import Finding
from ml.records import Part


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A video found on disk, not opened yet.

    `name` is the path below the dataset's folder, without its ending unless this alone tells two
    videos apart. `fps` is the rate at which images were taken, None where nobody says; video files
    carry their own, whatever stands here. `frame_numbers` is `order` where somebody said that the
    pictures of a folder count as they lie.
    """

    name: str
    path: str
    kind: Literal["file", "frames"]
    part: Part = "test"
    label: str = ""
    fps: float | None = None
    frame_numbers: str = ""


class DatasetLayout(ABC):
    """A dataset on disk: what lies where. What ground truth says is read in `ml.data.truth`."""

    title: ClassVar[str]
    is_general: ClassVar[bool] = False  # asked when no other fits

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @abstractmethod
    def recognises(self) -> bool:
        """Whether the content of its folder looks like this layout."""

    @abstractmethod
    def videos(self) -> tuple[list[Listed], list[Finding]]: ...

    @abstractmethod
    def truth(self, videos: list[Listed]) -> Truth:
        """Which files say where anomalies are, and about which videos."""


LAYOUTS: Catalogue[DatasetLayout] = Catalogue("ml.data.layouts", "format")
register = LAYOUTS.register

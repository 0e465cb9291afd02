"""What every extractor is, and how it gets into the catalogue."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ml import configs
from ml.catalogue import Catalogue
from ml.data.video.decode import decode
from ml.data.video.resizing import Resizing
from ml.extraction.segments import Remainder, segments
from ml.records import BadInput, VideoRecord

if TYPE_CHECKING:
    import torch

Segment = NDArray[np.uint8]  # (L, H, W) grey or (L, H, W, 3) RGB
Row = NDArray[np.float32]  # (K, D)
Warn = Callable[[str], None]


Group = Literal["Data", "Model"]  # where a form shows an option: of pictures, of the network


def option(group: Group, title: str, description: str, **limits: Any) -> Any:
    """A field of an extractor's Config; `limits` are pydantic's (ge, le, …)."""
    return configs.option(group, title, description, **limits)


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class NoOptions:
    """Of an extractor that works in one way only."""


class Extractor(ABC):
    """Makes a row of K × D numbers of each segment of a video: of so many frames one after another.

    `licence` is that of the weights that come with it, empty without any; `preprocessing` says
    in a sentence what becomes of a frame before. Where options change it, `dimension`
    or `n_crops`, the class has those of the defaults and `__init__` sets the right ones.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    licence: ClassVar[str] = ""
    preprocessing: str
    version: ClassVar[int] = 1  # raised with every change that makes other numbers
    takes_weights: ClassVar[bool] = False  # a file that whoever extracts has to name
    weights_wanted: ClassVar[str] = ""  # which files fit, as a clause after "weights: "
    ending: ClassVar[str] = ""  # of its files, after the name of the video
    Config: ClassVar[type[Any]] = NoOptions
    dimension: int
    n_crops: int = 1
    fewest_frames: ClassVar[int] = 1  # of a segment
    most_frames: ClassVar[int] = 10_000
    row_seconds: float = 0.0  # of a row that is not made of so many frames, but lasts so long

    def __init__(self, device: torch.device, config: Any, weights: Path | None) -> None:
        """Raise BadInput where the weights are not there or none of this network's."""
        self.device = device
        self.config = config
        self.weights = weights

    @classmethod
    def packaged_weights(cls) -> Path | None:
        """The file of those that come with an installed package; None where none do.

        Raise BadInput where the package is not there.
        """
        return None

    @abstractmethod
    def rows(
        self, video: VideoRecord, *, frames_per_row: int, remainder: Remainder, warn: Warn
    ) -> Iterator[Row]:
        """(K, D) after (K, D), in constant memory, as many as `n_rows` says.

        What is odd about the video is told in sentences. Raise BadInput where it cannot be decoded.
        """

    def frames_of_row(self, video: VideoRecord) -> float:
        """How many frames a row lasts, where it is not made of as many as was asked for; else 0.

        Raise BadInput where that is no one number.
        """
        return 0.0

    @property
    def provenance(self) -> dict[str, str]:
        """What `ml.data.features.provenance` has fields for."""
        return {}

    def check_length(self, n_frames: int) -> None:
        """Raise BadInput where it cannot look at segments of so many frames."""
        fewest, most = self.fewest_frames, self.most_frames
        if not fewest <= n_frames <= most:
            allowed = f"{fewest}" if fewest == most else f"{fewest} to {most:,}"
            raise BadInput(
                f"{self.title} looks at {allowed} frames at a time (frames per row: {n_frames})"
            )

    @cached_property
    def weights_sha256(self) -> str:
        """Of the file of its weights; empty without any."""
        return sha256_of(self.weights)

    @property
    def shape(self) -> tuple[int, int]:
        """(K, D)"""
        return (self.n_crops, self.dimension)

    def facts(self) -> dict[str, Any]:
        """Where its features come from, as a feature set keeps it."""
        return {
            "extractor": self.title,
            "version": self.version,
            "source": self.source,
            "licence": self.licence,
            "preprocessing": self.preprocessing,
            "options": configs.as_json(self.config),
            "weights_sha256": self.weights_sha256,
            "dimension": self.dimension,
            "n_crops": self.n_crops,
            "provenance": self.provenance,
        }


class PictureExtractor(Extractor):
    """Makes them of the pictures of a segment."""

    is_grey: ClassVar[bool] = False

    @property
    @abstractmethod
    def size(self) -> tuple[int, int] | Resizing | None:
        """(H, W) to which frames are resized, or the rule for it; None: as they are."""

    @abstractmethod
    def features(self, segment: Segment) -> Row:
        """(K, D)"""

    def rows(
        self, video: VideoRecord, *, frames_per_row: int, remainder: Remainder, warn: Warn
    ) -> Iterator[Row]:
        return map(self.features, self.segments(video, frames_per_row, remainder))

    def segments(
        self, video: VideoRecord, frames_per_row: int, remainder: Remainder
    ) -> Iterator[Segment]:
        frames = decode(video, size=self.size, grey=self.is_grey)
        return segments(frames, frames_per_row, remainder=remainder)


def sha256_of(file: Path | None) -> str:
    """Empty without any."""
    if file is None:
        return ""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


EXTRACTORS: Catalogue[Extractor] = Catalogue("ml.extraction", "extractor")

"""What every detector is: boxes around persons in a frame, best first.

Letters: H W height and width of a frame, N persons in it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass as config

from ml.bad_input import BadInput
from ml.catalogue import Catalogue
from ml.configs import option

Frame = NDArray[np.uint8]  # (H, W, 3) RGB
Boxes = NDArray[np.float64]  # (N, 4): left, top, right, bottom in pixels of the frame


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """`scores` (N,) say how sure the detector is; what they mean is its own."""

    boxes: Boxes
    scores: NDArray[np.float64]

    @classmethod
    def nobody(cls) -> Found:
        return cls(boxes=np.zeros((0, 4)), scores=np.zeros(0))


@config(frozen=True, kw_only=True, config={"extra": "forbid"})
class DetectorOptions:
    """What all detectors share."""

    every: Annotated[
        int,
        option("Detection", "Every n-th frame", "Is looked at; between them boxes are interpolated",
               ge=1, le=1000),
    ] = 5  # fmt: skip
    largest_overlap: Annotated[
        float,
        option("Detection", "Largest overlap", "Of two boxes that share more, as intersection over "
               "union, the surer one is kept", gt=0, le=1),
    ] = 0.45  # fmt: skip
    same_overlap: Annotated[
        float,
        option("Persons", "Overlap of one person", "Boxes of two frames that share as much are of "
               "one person", gt=0, le=1),
    ] = 0.3  # fmt: skip
    longest_gap: Annotated[
        int,
        option("Persons", "Longest gap", "Frames in which a person may be lost", ge=0, le=10_000),
    ] = 25  # fmt: skip
    shortest: Annotated[
        int,
        option("Persons", "Shortest", "Frames that a person has to be seen for, from first to last",
               ge=1, le=10_000),
    ] = 16  # fmt: skip
    longest_seconds: Annotated[
        float,
        option("Persons", "Longest clip", "Seconds; who is seen for longer becomes several clips",
               gt=0, le=3600),
    ] = 5.0  # fmt: skip
    margin: Annotated[
        float,
        option("Persons", "Margin", "Of the box, on each side", ge=0, le=2),
    ] = 0.1  # fmt: skip


class Detector(ABC):
    """`files` are what whoever uses it has to name: which file, in a few words, by a short name."""

    title: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    licence: ClassVar[str] = ""
    version: ClassVar[int] = 1  # another one finds others
    files: ClassVar[Mapping[str, str]] = {}
    Options: ClassVar[type[Any]] = DetectorOptions

    def __init__(self, options: Any, files: Mapping[str, Path]) -> None:
        self.options = options

    @classmethod
    def own_files(cls) -> list[Path]:
        """What it reads from an installed package. Raise BadInput where that is missing."""
        return []

    @abstractmethod
    def detect(self, frame: Frame) -> Found:
        """Persons in (H, W, 3). Raise BadInput for a frame that it cannot look at."""


DETECTORS: Catalogue[Detector] = Catalogue("ml.detectors", "detector")


def best_of(boxes: Boxes, scores: NDArray[Any], largest_overlap: float) -> Found:
    """(N, 4) and (N,) without the less sure of those that overlap too much, best first."""
    order = np.argsort(-scores, kind="stable")
    shares = overlaps(boxes, boxes)
    kept: list[int] = []
    for place in order.tolist():
        if not kept or shares[place, kept].max() <= largest_overlap:
            kept.append(place)
    return Found(boxes=boxes[kept], scores=np.asarray(scores, np.float64)[kept])


def overlaps(boxes: Boxes, others: Boxes) -> NDArray[np.float64]:
    """(N, M) intersections over unions."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    areas = [np.prod(each[:, 2:] - each[:, :2], axis=1) for each in (boxes, others)]
    return np.asarray(shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-9))


def inside(boxes: Boxes, frame: Frame) -> Boxes:
    """(N, 4) cut to the frame."""
    height, width = frame.shape[:2]
    return np.clip(boxes, 0, [width, height, width, height])


def check_pixels(frame: Frame, fewest: int) -> None:
    """Raise BadInput for a frame that is smaller: OpenCV would end the process."""
    if min(frame.shape[:2]) < fewest:
        height, width = frame.shape[:2]
        raise BadInput(f"a frame of {width} × {height} pixels, and persons are looked for in "
                       f"frames of at least {fewest} pixels each way")  # fmt: skip

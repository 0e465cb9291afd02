"""Detectors that are networks in a file, computed by OpenCV's DNN module on the CPU.

Letters: N candidates, C classes, S side of the network's picture.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ml.bad_input import BadInput
from ml.configs import option
from ml.detectors._base import (
    Boxes,
    Detector,
    DetectorOptions,
    Found,
    Frame,
    best_of,
    check_pixels,
    inside,
)

FEWEST = 16  # pixels of a frame
MOST_BYTES = 2 * 1024**3
Outputs = list[NDArray[np.float32]]
Candidates = tuple[Boxes, NDArray[np.float64]]  # corners in 0…1 of the picture, and scores


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class NetworkOptions(DetectorOptions):
    input_size: Annotated[
        int,
        option("Detection", "Input size", "Pixels: frames are squeezed to such a square",
               ge=32, le=2048, multiple_of=32),
    ] = 416  # fmt: skip
    confidence: Annotated[
        float, option("Detection", "Confidence", "Of a person, at least", ge=0, le=1)
    ] = 0.25
    person_class: Annotated[
        int,
        option("Detection", "Class of persons", "Its number, from 0: 0 in most lists of COCO, 1 in "
               "those with a background", ge=0, le=100_000),
    ] = 0  # fmt: skip


class NetworkDetector(Detector):
    Options = NetworkOptions

    def __init__(self, options: Any, files: Mapping[str, Path]) -> None:
        super().__init__(options, files)
        self.net = self.load(files)
        self.net.setPreferableBackend(cv2.dnn.DNN_BACKEND_OPENCV)

    @abstractmethod
    def load(self, files: Mapping[str, Path]) -> Any:
        """The network. Raise BadInput for files that are none."""

    @abstractmethod
    def candidates(self, outputs: Outputs) -> Candidates:
        """Raise BadInput for outputs of another layout."""

    def detect(self, frame: Frame) -> Found:
        check_pixels(frame, FEWEST)
        side = self.options.input_size
        self.net.setInput(cv2.dnn.blobFromImage(frame, 1 / 255, (side, side)))
        try:
            outputs = self.net.forward(self.net.getUnconnectedOutLayersNames())
        except cv2.error as error:
            raise BadInput(
                f"The network does not take pictures of 3 × {side} × {side}: {why(error)}"
            ) from error
        corners, scores = self.candidates([np.asarray(each) for each in outputs])
        is_sure = scores >= self.options.confidence
        height, width = frame.shape[:2]
        boxes = inside(corners[is_sure] * [width, height, width, height], frame)
        is_there = (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
        return best_of(boxes[is_there], scores[is_sure][is_there], self.options.largest_overlap)


def read(path: Path) -> bytes:
    """Raise BadInput for what is no file of a network."""
    if not path.is_file():
        raise BadInput(f"{path.name}: there is no such file")
    if path.stat().st_size > MOST_BYTES:
        raise BadInput(f"{path.name} is larger than {MOST_BYTES // 1024**3} GiB")
    return path.read_bytes()


def why(error: cv2.error) -> str:
    """OpenCV's reason without the places in its code."""
    text = str(error.err if isinstance(getattr(error, "err", None), str) else error)
    return " ".join(text.split())[:200] or "OpenCV says no more"


def corners_of(centred: NDArray[Any]) -> Boxes:
    """(N, 4) of centre x, centre y, width, height."""
    halves = centred[:, 2:4] / 2
    return np.column_stack([centred[:, :2] - halves, centred[:, :2] + halves]).astype(np.float64)

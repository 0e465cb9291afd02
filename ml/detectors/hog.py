"""OpenCV's person detector: histograms of gradients and a linear classifier, without weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
from pydantic.dataclasses import dataclass

from ml.configs import option
from ml.detectors._base import (
    DETECTORS,
    Detector,
    DetectorOptions,
    Found,
    Frame,
    best_of,
    check_pixels,
    inside,
)

WINDOW = 128  # pixels: the height of what it was trained on, a person with a margin
STRIDE = (8, 8)
PYRAMID = 1.05  # from one size of the picture to the next
FEWEST = 16  # pixels of a frame
LONGEST_SIDE = 4096  # pixels, once enlarged: more takes gigabytes
# What a window has around a person, as OpenCV's own sample takes it off: left, top, right, bottom.
AROUND = np.array([0.1, 0.07, -0.1, -0.13])


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class HOGOptions(DetectorOptions):
    person_height: Annotated[
        int,
        option("Detection", "Height of a person", "In pixels of the video, of the smallest who is "
               "to be found: frames are enlarged until that is 128", ge=16, le=2000),
    ] = 64  # fmt: skip
    confidence: Annotated[
        float,
        option("Detection", "Confidence", "Least distance from the classifier's border; 0 takes "
               "all on the side of persons", ge=0, le=10),
    ] = 0.0  # fmt: skip


@DETECTORS.register
class HOG(Detector):
    """What is smaller than its window it cannot see, so frames are enlarged, never reduced."""

    title = "HOG, OpenCV"
    summary = "Standing persons by the gradients around them; needs no file, finds few who bend"
    source = "OpenCV's default people detector (Dalal, Triggs, CVPR 2005)"
    licence = "Apache-2.0"
    Options = HOGOptions

    def __init__(self, options: HOGOptions, files: Mapping[str, Path]) -> None:
        super().__init__(options, files)
        self.hog = cv2.HOGDescriptor()
        persons = np.asarray(cv2.HOGDescriptor.getDefaultPeopleDetector())
        self.hog.setSVMDetector(persons)

    def detect(self, frame: Frame) -> Found:
        check_pixels(frame, FEWEST)
        scale = self._scale(frame)
        height, width = (max(round(side * scale), WINDOW) for side in frame.shape[:2])
        larger = cv2.resize(frame, (width, height), interpolation=cv2.INTER_LINEAR)
        grey = cv2.cvtColor(larger, cv2.COLOR_RGB2GRAY)
        found: Any = self.hog.detectMultiScale(
            grey, hitThreshold=self.options.confidence, winStride=STRIDE, scale=PYRAMID,
            groupThreshold=0,
        )  # fmt: skip
        if not len(found[0]):
            return Found.nobody()
        windows = np.asarray(found[0], np.float64)
        sizes = np.tile(windows[:, 2:], 2)
        corners = np.column_stack([windows[:, :2], windows[:, :2] + windows[:, 2:]])
        enlarged = [width / frame.shape[1], height / frame.shape[0]] * 2
        boxes = inside((corners + sizes * AROUND) / enlarged, frame)
        return best_of(boxes, np.ravel(found[1]), self.options.largest_overlap)

    def _scale(self, frame: Frame) -> float:
        wanted = WINDOW / self.options.person_height
        return max(1.0, min(wanted, LONGEST_SIDE / max(frame.shape[:2])))

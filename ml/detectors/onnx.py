"""Any detector in an ONNX file whose output has one of three layouts.

    (1, 1, N, 7)    SSD: picture, class, score, and corners in 0…1
    (1, N, 5 + C)   YOLOv5: centre and size in pixels of the input, how likely something is there,
                    and a score for each class
    (1, 4 + C, N)   YOLOv8: centre and size in pixels of the input, and a score for each class

Letters: N candidates, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ml.bad_input import BadInput
from ml.configs import option
from ml.detectors._base import DETECTORS
from ml.detectors._networks import (
    Candidates,
    NetworkDetector,
    NetworkOptions,
    Outputs,
    corners_of,
    read,
    why,
)

LAYOUTS = "(1, 1, N, 7) as of SSD, (1, N, 5 + C) as of YOLOv5 or (1, 4 + C, N) as of YOLOv8"


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class ONNXOptions(NetworkOptions):
    layout: Annotated[
        Literal["auto", "ssd", "yolov5", "yolov8"],
        option("Detection", "Layout", "Of what comes out of the network; auto: by its shape, the "
               "longer side of two being that of the candidates"),
    ] = "auto"  # fmt: skip


@DETECTORS.register
class ONNX(NetworkDetector):
    title = "ONNX, by file"
    summary = "Any detector in an ONNX file with the outputs of SSD, YOLOv5 or YOLOv8"
    source = "a file that you name"
    files = {"model": f"an ONNX file with one output, {LAYOUTS}"}
    Options = ONNXOptions

    def load(self, files: Mapping[str, Path]) -> Any:
        path = files["model"]
        try:
            net = cv2.dnn.readNetFromONNX(np.frombuffer(read(path), np.uint8))
        except cv2.error as error:
            raise BadInput(f"{path.name} is no ONNX file that OpenCV can read: {why(error)}") from (
                error
            )
        if net.empty():
            raise BadInput(f"{path.name} is no ONNX file that OpenCV can read: it has no layers")
        return net

    def candidates(self, outputs: Outputs) -> Candidates:
        shapes = ", ".join(str(each.shape) for each in outputs)
        if len(outputs) != 1:
            raise BadInput(f"The network has {len(outputs)} outputs, {shapes}: one is expected, "
                           f"{LAYOUTS}")  # fmt: skip
        output = outputs[0]
        layout = layout_of(output.shape, self.options.layout)
        if not layout:
            raise BadInput(f"The network's output is {shapes}: expected is {LAYOUTS}")
        if layout == "ssd":
            rows = output[0, 0]
            scores = np.where(rows[:, 1] == self.options.person_class, rows[:, 2], -1.0)
            return rows[:, 3:7].astype(np.float64), scores.astype(np.float64)
        rows = output[0] if layout == "yolov5" else output[0].T
        first = 5 if layout == "yolov5" else 4
        scores = self._scores(rows, first)
        return corners_of(rows) / self.options.input_size, scores

    def _scores(self, rows: NDArray[np.float32], first: int) -> NDArray[np.float64]:
        column = first + self.options.person_class
        if column >= rows.shape[1]:
            raise BadInput(
                f"The network knows {rows.shape[1] - first} classes: there is no class "
                f"{self.options.person_class}"
            )
        likely = rows[:, 4] if first == 5 else 1.0
        return np.asarray(rows[:, column] * likely, np.float64)


def layout_of(shape: tuple[int, ...], wanted: str) -> str:
    """One that the shape can be, `wanted` unless that is auto; else empty."""
    fitting = []
    if len(shape) == 4 and shape[:2] == (1, 1) and shape[3] == 7:
        fitting = ["ssd"]
    elif len(shape) == 3 and shape[0] == 1:
        by_length = ["yolov5", "yolov8"] if shape[1] >= shape[2] else ["yolov8", "yolov5"]
        smallest = {"yolov5": shape[2] >= 6, "yolov8": shape[1] >= 5}
        fitting = [name for name in by_length if smallest[name]]
        fitting = fitting[:1] if wanted == "auto" else fitting
    if wanted == "auto":
        return fitting[0] if fitting else ""
    return wanted if wanted in fitting else ""

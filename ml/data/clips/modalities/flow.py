"""Where every pixel goes until the next picture, as a colour: its hue where to, its value how far.

Letters: L pictures of a clip, S side of a picture.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ml.data.clips.modalities._base import Modality, Pictures, first_repeated, option, register
from ml.records import BadInput

Flow = NDArray[np.float32]
FlowBy = Annotated[
    Literal["farneback", "dis"],
    option("Flow by", "farneback: as in the paper; dis: eight times as fast, other numbers"),
]
FlowLevels = Annotated[
    int, option("Flow levels", "Of Farneback's pyramid, each half as large", ge=1, le=10)
]
FlowWindow = Annotated[
    int, option("Flow window", "Pixels that Farneback averages over", ge=3, le=99)
]
FlowIterations = Annotated[
    int, option("Flow iterations", "Of Farneback's on each level", ge=1, le=50)
]
FlowBound = Annotated[
    float,
    option("Flow bound", "Pixels until the next picture that are as bright as can be; 0: the "
           "longest way of each picture, as in OpenCV's tutorial", ge=0, le=1000),
]  # fmt: skip
SCALE, NEIGHBOURS, DEVIATION = 0.5, 5, 1.2  # of Farneback's, as in OpenCV's tutorial
TINY = float(np.finfo(np.float32).tiny)  # to divide by where nothing moves
SMALLEST = {"farneback": 16, "dis": 32}  # smaller ones OpenCV refuses, or ends the process


@dataclass(frozen=True, kw_only=True)
class FlowOptions:
    flow_by: FlowBy = "farneback"
    flow_levels: FlowLevels = 3
    flow_window: FlowWindow = 15
    flow_iterations: FlowIterations = 3
    flow_bound: FlowBound = 20.0


@register
class OpticalFlow(Modality):
    title = "Optical flow"
    Options = FlowOptions

    def of(self, pictures: Pictures) -> Pictures:
        """Raise BadInput for pictures too small to be followed."""
        size, by = min(pictures.shape[1:3]), self.options.flow_by
        if size < SMALLEST[by]:
            raise BadInput(
                f"Flow by {by} needs pictures of {SMALLEST[by]} pixels, these have {size}"
            )
        greys = [_grey(picture) for picture in pictures]
        if len(greys) == 1:
            return np.zeros_like(pictures)
        follow = self._follower()
        return first_repeated(
            np.stack([coloured(follow(*pair), self.options.flow_bound) for pair in pairwise(greys)])
        )

    def _follower(self) -> Any:
        """A function of two grey pictures of bytes: on floats Farneback finds no motion."""
        if self.options.flow_by == "dis":
            dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
            return lambda before, after: dis.calc(before, after, None)  # type: ignore[call-overload]
        options = self.options
        return lambda before, after: cv2.calcOpticalFlowFarneback(  # type: ignore[call-overload]
            before, after, None, SCALE, options.flow_levels, options.flow_window,
            options.flow_iterations, NEIGHBOURS, DEVIATION, 0,
        )  # fmt: skip


def coloured(flow: Flow, bound: float) -> Pictures:
    """(S, S, 3) RGB of (S, S, 2) pixels to the right and down.

    Red is to the right, and the hue turns with the angle; `bound` pixels and more are brightest.
    """
    polar = cv2.cartToPolar(flow[..., 0], flow[..., 1], angleInDegrees=True)
    length, angle = (np.asarray(each, np.float32) for each in polar)
    largest = bound or max(float(length.max()), TINY)
    hsv = np.empty((*flow.shape[:2], 3), np.uint8)
    hsv[..., 0] = np.rint(angle / 2) % 180  # OpenCV's hues are halves of degrees
    hsv[..., 1] = 255
    hsv[..., 2] = np.rint(np.minimum(length / largest, 1) * 255)
    return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), np.uint8)


def _grey(picture: Pictures) -> Pictures:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)

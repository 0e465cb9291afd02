"""Histograms of motion and of edges on a grid: features without any weights.

After Dalal, Triggs and Schmid, Human Detection Using Oriented Histograms of Flow and Appearance,
ECCV 2006, coarser and over a whole segment. L frames of a segment, H W height and width.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.extraction._base import EXTRACTORS, PictureExtractor, Segment

if TYPE_CHECKING:
    import torch

GRID, BINS = 4, 8
SIDE = 128
FLOWS = 3  # a segment's motion is looked at between so many pairs of neighbouring frames
Floats = NDArray[np.float32]


@EXTRACTORS.register
class FlowGradients(PictureExtractor):
    """Of each of 4 × 4 cells: how much moves in which of 8 directions, mean and maximum over the
    segment, how fast at most, and edges by their 8 directions in the middle frame.
    """

    title = "Flow and gradient histograms"
    summary = "Motion and edges by direction on a grid of 4 × 4, without any weights"
    source = "Dalal, Triggs and Schmid, ECCV 2006, simplified"
    preprocessing = "grey, squeezed to 128 × 128; DIS optical flow between neighbouring frames"
    is_grey = True
    dimension = GRID * GRID * (3 * BINS + 1)

    def __init__(self, device: torch.device, config: Any, weights: Path | None) -> None:
        super().__init__(device, config, weights)
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    @property
    def size(self) -> tuple[int, int]:
        return (SIDE, SIDE)

    def features(self, segment: Segment) -> Floats:
        flows = [self._flow_after(segment, first) for first in pairs(len(segment))]
        motions = np.stack([histograms(flow[..., 0], flow[..., 1]) for flow in flows])
        speeds = np.stack([np.hypot(flow[..., 0], flow[..., 1]) for flow in flows])
        parts = [
            np.sqrt(motions.mean(0)),
            np.sqrt(motions.max(0)),
            cells(speeds.max(0)).max(axis=(1, 3)).reshape(-1, 1),
            np.sqrt(edges(segment[len(segment) // 2])),
        ]
        return np.concatenate(parts, axis=1).reshape(1, -1).astype(np.float32)

    def _flow_after(self, segment: Segment, first: int) -> Floats:
        """(H, W, 2): where each pixel went from frame `first` to the next, in pixels."""
        if first + 1 >= len(segment):
            return np.zeros((*segment.shape[1:3], 2), np.float32)
        flow = self._flow.calc(segment[first], segment[first + 1], None)  # type: ignore[call-overload]
        return np.asarray(flow, np.float32)


def pairs(length: int) -> list[int]:
    """First frames of the pairs that are looked at, evenly over the segment."""
    return sorted({int(place) for place in np.linspace(0, max(0, length - 2), FLOWS)})


def histograms(x: Floats, y: Floats) -> NDArray[np.float64]:
    """(cells, BINS): the lengths of the vectors by their direction, the mean over each cell."""
    lengths = np.hypot(x, y)
    directions = np.floor((np.arctan2(y, x) / (2 * np.pi) % 1) * BINS).astype(int) % BINS
    side = x.shape[0] // GRID
    rows, columns = np.indices(x.shape) // side
    places = (rows * GRID + columns) * BINS + directions
    sums = np.bincount(places.ravel(), lengths.ravel(), minlength=GRID * GRID * BINS)
    return sums.reshape(GRID * GRID, BINS) / side**2


def edges(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(cells, BINS): brightness in 0…1, its steps by their direction."""
    brightness = frame.astype(np.float32) / 255
    y, x = (np.asarray(steps, np.float32) for steps in np.gradient(brightness))
    return histograms(x, y)


def cells(values: Floats) -> Floats:
    """(GRID, H / GRID, GRID, W / GRID)"""
    side = values.shape[0] // GRID
    return values.reshape(GRID, side, GRID, side)

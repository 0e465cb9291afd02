"""Where in the picture an error lies: coarse maps of a video, as one sheet of grey tiles.

A map has at most CELLS cells a side, each the mean error of the pixels below it. Kept are the
maps of every k-th frame, k the smallest power of two with which a video has at most MOST_MAPS.
N maps, h w their cells, K frames that a window judges.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.data.samples.windows import RunningMean
from ml.records import Scores, VideoRecord

CELLS = 32
MOST_MAPS = 2048
LEVELS = 255
ERRORS = "errors"
REDUCTION = (
    "The whole picture is divided into {height} × {width} cells; a cell shows the mean over its "
    "pixels. Of each pixel: {of_a_pixel}. Level {levels} of {levels} is the highest cell of the "
    "video."
)


@runtime_checkable
class Explains(Protocol):
    """A method that can say where in the picture its scores come from."""

    map_rule: str  # a clause: what the error of a pixel is, in which unit

    def explain(self, video: VideoRecord) -> tuple[Scores, Maps]: ...


@dataclass(frozen=True, kw_only=True)
class Maps:
    """Map i belongs to frame `first_frame + i * frames_per_map`.

    `levels` (N, h, w) uint8 are linear from no error to `highest`, which is 255.
    """

    levels: NDArray[np.uint8]
    highest: float
    first_frame: int = 0
    frames_per_map: int = 1

    @property
    def columns(self) -> int:
        """Tiles in a row of the sheet, which is about as high as wide."""
        return max(1, int(np.ceil(np.sqrt(len(self.levels)))))

    @classmethod
    def of(cls, maps: NDArray[np.float32], *, first_frame: int, frames_per_map: int = 1) -> Maps:
        """Of numbers (N, h, w) from 0 on, all on one scale."""
        highest = float(maps.max())
        return cls(
            levels=np.rint(maps * (LEVELS / (highest or 1.0))).astype(np.uint8),
            highest=highest,
            first_frame=first_frame,
            frames_per_map=frames_per_map,
        )

    def rule(self, of_a_pixel: str) -> str:
        """A sentence of what a cell shows, where it is the mean over a clause's pixels."""
        _n_maps, height, width = self.levels.shape
        return REDUCTION.format(height=height, width=width, of_a_pixel=of_a_pixel, levels=LEVELS)

    def facts(
        self,
        rule: str,
        *,
        kind: str = ERRORS,
        target: str = "",
        layer: str = "",
        likeness: float | None = None,
    ) -> dict[str, Any]:
        """What has to be known to read the sheet. Without a `target` it explains the score.

        `layer` is that of the network that was asked for, empty for its own; `likeness` the rank
        correlation with maps of random weights, where these were made.
        """
        n_maps, height, width = self.levels.shape
        return {
            "kind": kind,
            "target": target,
            "layer": layer,
            "likeness_to_random": likeness,
            "rule": rule,
            "first_frame": self.first_frame,
            "frames_per_map": self.frames_per_map,
            "n_maps": n_maps,
            "height": height,
            "width": width,
            "columns": self.columns,
            "highest": self.highest,
        }

    def save(self, path: Path) -> None:
        """As a PNG of grey tiles, the maps row by row; what is left of the last row is black."""
        n_maps, height, width = self.levels.shape
        rows = -(-n_maps // self.columns)
        tiles = np.zeros((rows * self.columns, height, width), np.uint8)
        tiles[:n_maps] = self.levels
        grid = tiles.reshape(rows, self.columns, height, width).swapaxes(1, 2)
        _, png = cv2.imencode(".png", grid.reshape(rows * height, -1))
        path.write_bytes(png.tobytes())


class MapCollector:
    """Gathers the maps of a video in memory that does not grow with it."""

    def __init__(self, frames_scored: int, *, most: int = MOST_MAPS) -> None:
        self._mean = RunningMean(frames_scored)
        self._most = most
        self._kept: NDArray[np.float32] | None = None
        self._n_kept = 0
        self._n_seen = 0
        self._stride = 1

    def add(self, cells_BKhw: NDArray[np.float32]) -> None:
        """What the windows that follow say of the frames that they judge."""
        for cells in self._mean.add(cells_BKhw):
            self._take(cells)

    def finish(self, first_frame: int) -> Maps:
        """All that was kept, the first of it the map of `first_frame`."""
        for cells in self._mean.finish():
            self._take(cells)
        if self._kept is None:
            return Maps(levels=np.empty((0, 1, 1), np.uint8), highest=0.0)
        kept = self._kept[: self._n_kept]
        return Maps.of(kept, first_frame=first_frame, frames_per_map=self._stride)

    def _take(self, cells: NDArray[np.float64]) -> None:
        if self._kept is None:
            self._kept = np.empty((self._most, *cells.shape), np.float32)
        if self._n_seen % self._stride == 0:
            if self._n_kept == self._most:
                self._thin_out()
            if self._n_seen % self._stride == 0:
                self._kept[self._n_kept] = cells
                self._n_kept += 1
        self._n_seen += 1

    def _thin_out(self) -> None:
        """Keep every other map."""
        assert self._kept is not None
        n_left = -(-self._n_kept // 2)
        self._kept[:n_left] = self._kept[: self._n_kept : 2].copy()
        self._n_kept = n_left
        self._stride *= 2

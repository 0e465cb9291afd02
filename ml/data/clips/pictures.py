"""What becomes of a frame before a network sees it: cut to a box, squeezed to a square, contrast.

S side of the square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.data.video.resizing import Squeezed, resized
from ml.records import BadInput, Box

Picture = NDArray[np.uint8]
Contrast = Literal["none", "clahe"]
CLIP_LIMIT = 2.0
TILES = (8, 8)


@dataclass(frozen=True, kw_only=True)
class Picturing:
    """(H, W, 3) to (S, S, 3) RGB, by linear interpolation.

    `clahe` evens out the contrast of the luminance in 8 × 8 tiles, last of all: what it does to a
    picture depends on how large that is.
    """

    size: int
    contrast: Contrast = "none"

    def of(self, frame: Picture, box: Box | None) -> Picture:
        """Raise BadInput where the box reaches out of the frame."""
        square = resized(cut(frame, box), Squeezed(self.size, self.size))
        return evened(square) if self.contrast == "clahe" else square


def cut(frame: Picture, box: Box | None) -> Picture:
    """Raise BadInput where the box reaches out of the frame."""
    if box is None:
        return frame
    height, width = frame.shape[:2]
    right, bottom = box.left + box.width, box.top + box.height
    if right > width or bottom > height:
        raise BadInput(f"a box up to ({right}, {bottom}) of a picture of {width} × {height}")
    return np.ascontiguousarray(frame[box.top : bottom, box.left : right])


def evened(picture: Picture) -> Picture:
    """(S, S, 3) with the contrast of its luminance, in CIELAB, evened out (CLAHE)."""
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    clahe = cv2.createCLAHE(clipLimit=CLIP_LIMIT, tileGridSize=TILES)
    lab[..., 0] = clahe.apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)

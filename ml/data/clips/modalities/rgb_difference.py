"""What changes from each picture to the next, in each colour.

Letters: L pictures of a clip, S side of a picture.
"""

from __future__ import annotations

from typing import Annotated, Literal

import cv2
import numpy as np
from pydantic.dataclasses import dataclass

from ml.data.clips.modalities._base import Modality, Pictures, first_repeated, option, register

Difference = Annotated[
    Literal["signed", "absolute"],
    option("Difference", "signed: half of it around 128, so that brighter and darker differ; "
           "absolute: how much changes"),
]  # fmt: skip
NOTHING = 128  # of a signed one: no change


@dataclass(frozen=True, kw_only=True)
class DifferenceOptions:
    difference: Difference = "signed"


@register
class RGBDifference(Modality):
    title = "RGB difference"
    Options = DifferenceOptions

    def of(self, pictures: Pictures) -> Pictures:
        if len(pictures) == 1:
            is_signed = self.options.difference == "signed"
            return np.full_like(pictures, NOTHING if is_signed else 0)
        before, after = pictures[:-1], pictures[1:]
        if self.options.difference == "absolute":
            return first_repeated(np.asarray(cv2.absdiff(before, after), np.uint8))
        halves = (after.astype(np.int16) - before) // 2 + NOTHING
        return first_repeated(halves.astype(np.uint8))

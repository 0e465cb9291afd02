"""C3D as Sultani et al. publish it: a text file for each video, 32 lines of 4096 numbers.

A line is one of 32 equal parts of the video, whatever its length: frame f belongs to line
⌊f · 32 / F⌋. Each has a Euclidean norm of 1.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ml.data.features.layouts._base import RGB, FeatureLayout, Place, mostly, register
from ml.data.features.lengths import EQUAL_PARTS

TEXT = re.compile(r"\.txt$", re.IGNORECASE)


@register
class C3dText(FeatureLayout):
    title = "C3D as text: 32 lines of 4096 numbers for each video"
    suffix = ".txt"
    parts = (RGB,)
    rules = (EQUAL_PARTS,)
    n_rows = 32

    @classmethod
    def recognises(cls, names: Sequence[str]) -> bool:
        return mostly(TEXT, names)

    @classmethod
    def place(cls, name: str) -> Place | None:
        return Place(name=name[: -len(cls.suffix)])

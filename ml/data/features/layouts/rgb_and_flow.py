"""Two trees of one shape, `all_rgbs/Abuse/Abuse001_x264.npy` and `all_flows/…`, of 32 rows each.

The rows are equal parts of the video: frame f belongs to row ⌊f · 32 / F⌋. Flow stands after RGB.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ml.data.features.layouts._base import FLOW, RGB, FeatureLayout, Place, part_in, register
from ml.data.features.lengths import EQUAL_PARTS

TREE = re.compile(r"(?:^|/)all_(rgb|flow)s?/(.+)\.npy$", re.IGNORECASE)


@register
class RgbAndFlow(FeatureLayout):
    title = "all_rgbs and all_flows: 32 rows of each for every video"
    parts = (RGB, FLOW)
    needed = (RGB, FLOW)
    rules = (EQUAL_PARTS,)
    n_rows = 32

    @classmethod
    def recognises(cls, names: Sequence[str]) -> bool:
        return any(map(TREE.search, names))

    @classmethod
    def place(cls, name: str) -> Place | None:
        match = TREE.search(name)
        return Place(name=match[2], part=part_in(name)) if match else None

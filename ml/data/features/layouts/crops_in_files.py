"""A file for each crop: `name__0.npy` to `name__9.npy` of UCF-Crime by Wu et al., to `__4` of
XD-Violence. `name.npy` alone is `name__0.npy`.

Where folders of RGB and of flow (`RGBTest`, `FlowTest`) both are there, flow stands after RGB and
may be one row shorter. Rows are whole ones, some of all frames but the last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ml.data.features.layouts._base import (
    FLOW,
    RGB,
    FeatureLayout,
    Place,
    mostly,
    part_in,
    register,
)

NUMBERED = re.compile(r"^(.+?)(?:__(\d{1,2}))?\.npy$", re.IGNORECASE)
CROP = re.compile(r"__\d{1,2}\.npy$", re.IGNORECASE)


@register
class CropsInFiles(FeatureLayout):
    title = "a file for each crop: name__0.npy, name__1.npy and so on"
    parts = (RGB, FLOW)
    rules = ("whole", "padded", "pairs")

    @classmethod
    def recognises(cls, names: Sequence[str]) -> bool:
        return mostly(CROP, names)

    @classmethod
    def place(cls, name: str) -> Place | None:
        match = NUMBERED.match(name)
        if match is None:
            return None
        return Place(name=match[1], part=part_in(name), crop=int(match[2] or 0))

"""What made a file stands at the end of its name, as video_features and BMT write them:
`name_rgb.npy`, `name_flow.npy`, `name_vggish.npy`, or one alone (`name_resnet.npy`).

What a video has several of stands one after another: picture, flow, sound. Rows follow the stack,
step and rate that are stated with the set; whole ones, or the last one is padded. A sound row is
paired by time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ml.data.features.layouts._base import AUDIO, FLOW, RGB, FeatureLayout, Place, mostly, register

ENDING = re.compile(
    r"^(.+?)__?(rgb|flow|vggish|resnet\d*|r21d|r2plus1d(?:_\d+)?|clip|s3d|timm)\.npy$",
    re.IGNORECASE,
)


@register
class NamedParts(FeatureLayout):
    title = "extractor at the end of the name: name_rgb.npy, name_flow.npy, name_vggish.npy"

    @classmethod
    def recognises(cls, names: Sequence[str]) -> bool:
        return mostly(ENDING, names)

    @classmethod
    def place(cls, name: str) -> Place | None:
        match = ENDING.match(name)
        if match is None:
            return None
        part = {"flow": FLOW, "vggish": AUDIO}.get(match[2].lower(), RGB)
        return Place(name=match[1], part=part)

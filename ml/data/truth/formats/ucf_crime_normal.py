"""The normal test videos of UCF-Crime with their frame counts, beside `ucf_crime_brackets`.

    Normal_Videos_event/Normal_Videos_897_x264.mp4 876 -1

The last number says that there is no event.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Claim, Reading
from ml.data.truth.formats._base import LineFormat, register
from ml.normal import NORMAL


@register
class UCFCrimeNormal(LineFormat):
    title = "path, frame count and -1 per line: normal videos"
    reading = Reading(base=0, end="exclusive")
    pattern = re.compile(r"(?P<path>\S+)\s+(?P<frames>\d+)\s+-1")

    @classmethod
    def claim(cls, match: re.Match[str], reading: Reading) -> Claim:
        frames = int(match["frames"])
        return Claim(path=match["path"], label=NORMAL, intervals=(), n_frames=frames)

"""The abnormal test videos of UCF-Crime with bars and brackets, as one PyTorch port lists them.

    Shoplifting/Shoplifting027_x264.mp4|1873|[1080, 1160, 1470, 1710]

Counted as in `ucf_crime`. Its frame counts are mostly one too high.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Claim, Reading
from ml.data.truth.formats._base import LineFormat, numbers_in, pairs, register
from ml.naming import split_path
from ml.splits.class_names import label_of_ucf_name


@register
class UCFCrimeBrackets(LineFormat):
    title = "path, frame count and bracketed events between bars"
    reading = Reading(base=0, end="exclusive")
    pattern = re.compile(r"(?P<path>[^|]+)\|(?P<frames>\d+)\|\s*\[(?P<events>[-\d,\s]*)\]")

    @classmethod
    def claim(cls, match: re.Match[str], reading: Reading) -> Claim:
        folder, name = split_path(match["path"])
        label = label_of_ucf_name(name) or folder.rpartition("/")[2]
        return Claim(
            path=match["path"],
            label=label,
            intervals=pairs(list(numbers_in(match["events"])), reading, label),
            n_frames=int(match["frames"]),
        )

"""The annotations of UCF-Crime with a frame count in the last column (MIST, CVPR 2021).

    Abuse028_x264.mp4  Abuse  165  240  -1  -1  1412

Counted as in `ucf_crime`.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Reading
from ml.data.truth.formats._base import register
from ml.data.truth.formats.ucf_crime import CLASS, EVENTS, UCFCrime


@register
class UCFCrimeCounted(UCFCrime):
    title = "UCF-Crime: name, class, two events and a frame count per line"
    reading = Reading(base=0, end="exclusive")
    pattern = re.compile(rf"(?P<path>\S+)\s+{CLASS}\s+{EVENTS}\s+(?P<frames>\d+)")

"""The annotations of UCF-Crime with class folders and frame counts in front (UR-DMU and others).

    RoadAccidents/RoadAccidents021_x264.mp4 155 RoadAccidents 30 90 -1 -1

Counted as in `ucf_crime`.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Reading
from ml.data.truth.formats._base import register
from ml.data.truth.formats.ucf_crime import CLASS, EVENTS, UCFCrime


@register
class UCFCrimePaths(UCFCrime):
    title = "UCF-Crime: path, frame count, class and two events per line"
    reading = Reading(base=0, end="exclusive")
    pattern = re.compile(rf"(?P<path>\S+)\s+(?P<frames>\d+)\s+{CLASS}\s+{EVENTS}")

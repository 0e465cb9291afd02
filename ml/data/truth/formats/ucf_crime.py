"""Test annotations of UCF-Crime as published (Sultani et al., CVPR 2018).

    Arson011_x264.mp4  Arson  150  420  680  1267

Name, class, start and end of up to two events; -1 stands for none. The authors' script takes
[start - 1, end), code that came later [start, end) of frames counted from 0, which is what the
label arrays in circulation hold; so do we. Frames are those of the published videos, 30 per
second.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Claim, Reading
from ml.data.truth.formats._base import LineFormat, pairs, register
from ml.normal import canonical_label

CLASS = r"(?P<label>[A-Za-z_]+)"
EVENTS = r"(?P<events>-?\d+\s+-?\d+\s+-?\d+\s+-?\d+)"


@register
class UCFCrime(LineFormat):
    title = "UCF-Crime: name, class and two events per line"
    reading = Reading(base=0, end="exclusive")
    pattern = re.compile(rf"(?P<path>\S+)\s+{CLASS}\s+{EVENTS}")

    @classmethod
    def claim(cls, match: re.Match[str], reading: Reading) -> Claim:
        label = canonical_label(match["label"])
        given = match.groupdict().get("frames")
        return Claim(
            path=match["path"],
            label=label,
            intervals=pairs([int(each) for each in match["events"].split()], reading, label),
            n_frames=int(given) if given else None,
        )

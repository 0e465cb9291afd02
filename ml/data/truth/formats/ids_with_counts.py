"""Ids of ShanghaiTech's weakly supervised split with a label and a frame count (MIST).

    01_001,0,764
    01_0015,1,-1

0 is normal. Abnormal videos have no count and no intervals here, so the file annotates the
normal ones; it serves to list videos.
"""

from __future__ import annotations

import re

from ml.data.truth.claims import Claim, Reading
from ml.data.truth.formats._base import LineFormat, register
from ml.normal import ABNORMAL, NORMAL


@register
class IdsWithCounts(LineFormat):
    title = "id, label and frame count per line"
    pattern = re.compile(r"(?P<path>[^,\s]+)\s*,\s*(?P<label>[01])\s*,\s*(?P<frames>-1|\d+)")

    @classmethod
    def claim(cls, match: re.Match[str], reading: Reading) -> Claim:
        is_normal = match["label"] == "0"
        frames = int(match["frames"])
        return Claim(
            path=match["path"],
            label=NORMAL if is_normal else ABNORMAL,
            intervals=() if is_normal else None,
            n_frames=frames if frames > 0 else None,
        )

"""ShanghaiTech as MIST lists it: `id,label` or `id,label,frames`, 1 being abnormal.

Frames are -1 for abnormal videos, whose counts lie in the frame masks.
"""

from __future__ import annotations

import re

from ml.naming import ending_of, without_ending
from ml.splits.class_names import label_of_digit
from ml.splits.lists._base import Entry, LineFormat, register


@register
class IdsWithLabels(LineFormat):
    title = "names with 0 or 1 behind a comma"
    pattern = re.compile(r"([^,]+),\s*([01])(?:,\s*(-1|\d+))?")

    @classmethod
    def entry(cls, match: re.Match[str]) -> Entry:
        n_frames = int(match[3] or -1)
        return Entry(
            name=without_ending(match[1].strip()),
            ending=ending_of(match[1].strip()),
            label=label_of_digit(match[2]),
            n_frames=n_frames if n_frames > 0 else None,
        )

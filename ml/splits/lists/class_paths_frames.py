"""UCF-Crime as ekosman lists it: a path and its number of frames (`Abuse/Abuse001_x264.mp4 2729`).

The counts are those of one decoder's headers. They are kept as a claim and compared, never used.
"""

from __future__ import annotations

import re

from ml.splits.lists._base import Entry, LineFormat, register
from ml.splits.lists.class_paths import ENDINGS, entry_of_path


@register
class ClassPathsWithFrames(LineFormat):
    title = "paths of videos with their number of frames"
    pattern = re.compile(rf"(\S.*[/\\].+\.(?:{ENDINGS}))\s+(\d+)", re.I)

    @classmethod
    def entry(cls, match: re.Match[str]) -> Entry:
        return entry_of_path(match[1], n_frames=int(match[2]))

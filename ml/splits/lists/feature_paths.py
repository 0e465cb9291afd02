r"""Features as RTFM and C3D lists name them (`G:\UCF_Test_ten_crop_i3d\Abuse028_x264_i3d.npy`).

The paths are those of somebody else's machine; only the file's name is used. Which videos are
abnormal RTFM knows from their place in the list; here it comes from the names of UCF-Crime.
"""

from __future__ import annotations

import re

from ml.splits.class_names import label_of_ucf_name
from ml.splits.lists._base import Entry, LineFormat, register


@register
class FeaturePaths(LineFormat):
    title = "paths of feature files"
    pattern = re.compile(r"(?:.*[/\\])?([^/\\]+?)(?:_i3d|_c3d|__\d+)?\.npy", re.I)
    is_general = True

    @classmethod
    def entry(cls, match: re.Match[str]) -> Entry:
        return Entry(name=match[1], label=label_of_ucf_name(match[1]))

"""XD-Violence features: the name ends in its classes, then the crop (`…_label_B2-0-0__0.npy`).

A is normal, 0 an empty place; of several classes the first is the video's label here.
"""

from __future__ import annotations

import re

from ml.splits.class_names import label_of_xd_name
from ml.splits.lists._base import Entry, LineFormat, register


@register
class XdFeatures(LineFormat):
    title = "feature files of XD-Violence"
    pattern = re.compile(r"(?:.*[/\\])?([^/\\]+_label_[^/\\]+?)__(?:vggish|\d+)\.npy")
    folds_crops = True

    @classmethod
    def entry(cls, match: re.Match[str]) -> Entry:
        return Entry(name=match[1], label=label_of_xd_name(match[1]))

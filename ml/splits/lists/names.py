"""One name per line, such as ShanghaiTech's ids of three and of four digits (`01_0014`)."""

from __future__ import annotations

import re

from ml.naming import ending_of, without_ending
from ml.splits.class_names import label_of_ucf_name
from ml.splits.lists._base import Entry, LineFormat, register


@register
class Names(LineFormat):
    title = "names, one per line"
    pattern = re.compile(r"[^\s,;/\\]+(?<!\.npy)")
    is_general = True

    @classmethod
    def entry(cls, match: re.Match[str]) -> Entry:
        name = without_ending(match[0])
        return Entry(name=name, label=label_of_ucf_name(name), ending=ending_of(match[0]))

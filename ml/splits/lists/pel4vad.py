"""Features as PEL4VAD lists them: part, id and crop, then a label (`train/01_0014_0.npy 1.0`).

A video has one line per crop. Test lists have no label.
"""

from __future__ import annotations

import re

from ml.naming import part_of
from ml.splits.class_names import label_of_digit
from ml.splits.lists._base import Entry, LineFormat, register


@register
class Pel4Vad(LineFormat):
    title = "feature files below train or test, one per crop"
    pattern = re.compile(r"(train|test)/(.+)_\d\.npy(?:\s+([01])(?:\.0*)?)?")
    folds_crops = True

    @classmethod
    def entry(cls, match: re.Match[str]) -> Entry:
        label = label_of_digit(match[3]) if match[3] else ""
        return Entry(name=match[2], label=label, part=part_of(match[1]))

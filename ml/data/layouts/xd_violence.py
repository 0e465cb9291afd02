"""XD-Violence (Wu et al., ECCV 2020), as its archives unpack.

    1-1004/A.Beautiful.Mind.2001__#00-25-20_00-29-20_label_A.mp4     training, in five such folders
    videos/Bad.Boys.1995__#01-11-55_01-12-40_label_G-B2-B6.mp4       test
    annotations.txt

The name of a video ends in its classes: A is normal, 0 an empty place, and of several the first
counts. Test videos are those that the annotation names, and all that lie in a folder called
videos, test or testing. Frames of the annotation count from 0 and the end is the first normal one.
"""

from __future__ import annotations

import re
from dataclasses import replace

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._listing import list_videos
from ml.data.layouts._weak import annotations_in, files_called, texts_called
from ml.data.truth.resolving import Truth
from ml.findings import Finding
from ml.naming import split_path
from ml.records import Part
from ml.splits.class_names import label_of_xd_name

ANNOTATED = ("annotations.txt", "annotations_multiclasses.txt")
TESTED = {"videos", "test", "testing", "test_videos"}
TRAINED = re.compile(r"\d+-\d+|train.*", re.IGNORECASE)


@register
class XDViolence(DatasetLayout):
    title = "XD-Violence"

    def recognises(self) -> bool:
        named = files_called(self.folder, "*_label_*.mp4")
        return any(label_of_xd_name(path.stem) for path in named)

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        return [replace(each, part=_part_of(each), label=_label_of(each)) for each in listed], [
            *findings
        ]

    def truth(self, videos: list[Listed]) -> Truth:
        found = texts_called(self.folder, *ANNOTATED)
        return Truth(sources=annotations_in(found), needs_test=False)


def _label_of(video: Listed) -> str:
    return label_of_xd_name(split_path(video.path)[1])


def _part_of(video: Listed) -> Part:
    """Training in folders of numbers; what lies nowhere in particular is tested."""
    folders = split_path(video.path)[0].split("/")
    return "train" if any(TRAINED.fullmatch(folder) for folder in folders) else "test"

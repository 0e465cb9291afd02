"""UCF-Crime: a path per line, the folder being the class (`Abuse/Abuse001_x264.mp4`)."""

from __future__ import annotations

import re

from ml.naming import VIDEO_ENDINGS, ending_of, part_of, without_ending
from ml.splits.class_names import label_of_folder
from ml.splits.lists._base import Entry, LineFormat, register

ENDINGS = "|".join(sorted(ending[1:] for ending in VIDEO_ENDINGS))


def entry_of_path(path: str, n_frames: int | None = None) -> Entry:
    folder, _, name = path.replace("\\", "/").rpartition("/")
    last = folder.rpartition("/")[2]
    return Entry(
        name=without_ending(name),
        folder=folder,
        label=label_of_folder(last),
        part=part_of(folder.partition("/")[0]),
        n_frames=n_frames,
        ending=ending_of(name),
    )


@register
class ClassPaths(LineFormat):
    title = "paths of videos in folders, one per line"
    pattern = re.compile(rf"[^,]*[/\\][^/\\,]+\.(?:{ENDINGS})", re.I)

    @classmethod
    def entry(cls, match: re.Match[str]) -> Entry:
        return entry_of_path(match[0])

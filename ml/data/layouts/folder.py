"""A plain folder of videos and of image folders, with a manifest or without one.

`manifest.csv` or `manifest.json` lies in the folder itself:

    name,part,label,intervals,fps
    train/01.mp4,train,normal,,
    test/01.mp4,test,running,61:180; 200:250:thrown bag,

    {"videos": [{"name": "test/01.mp4", "part": "test", "label": "running",
                 "intervals": [[61, 180], [200, 250, "thrown bag"]]}]}

name       path below the folder, `/` between its parts; the ending may be left out
part       train, validation or test; by default the first folder called so gives it
label      of the whole video: "normal", a class, or nothing
intervals  abnormal frames: counted from 0, end exclusive (61:180 are the frames 61 to 179);
           a third value is the class, otherwise the video's label is. One that is labelled
           normal makes nothing abnormal
fps        at which the images of an image sequence were taken; when absent, what the times in
           their names say, else 25. Video files carry their own times, and intervals always
           count decoded frames
n_frames   as it is believed to be; compared with what is counted
frame_numbers  `order`: the pictures of an image sequence are its frames as they lie, although
           numbers in their names are missing or do not fit

Only `name` must be there; columns of notes are passed over. Without a manifest folders called
train(ing), val(idation) and test(ing) give the part, and all else is test.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._listing import is_inside, list_videos
from ml.data.layouts._manifest import Row, annotations_of, read_manifest
from ml.data.truth.claims import Annotations
from ml.data.truth.resolving import Truth, TruthFile, TruthSource
from ml.findings import Finding
from ml.naming import NameIndex, part_of
from ml.records import BadInput


@register
class PlainFolder(DatasetLayout):
    title = "Folder of videos, with a manifest or without"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._manifest = _find_manifest(folder)
        self._rows: dict[str, Row] = {}

    def recognises(self) -> bool:
        return True

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        if self._manifest is None:
            return listed, findings
        rows, faults, unfit = read_manifest(self._manifest)
        index = NameIndex(listed, name=lambda video: video.name)
        for row in rows:
            video = index.find(row.name)
            name = video.name if video else row.name
            if self._rows.setdefault(name, row) is not row:
                text = f"{self._manifest.name} lists it twice; only the first one counts"
                faults.append(Finding(level="error", subject=name, text=text))
        unusable = {found.name for name in unfit if name and (found := index.find(name))}
        strangers = [
            Finding(level="error", subject=video.name, text=self._why_without(video, unusable))
            for video in listed
            if video.name not in self._rows
        ]
        return [self._completed(video) for video in listed], [*findings, *faults, *strangers]

    def _why_without(self, video: Listed, unusable: Collection[str]) -> str:
        """`unusable` are those whose row cannot be used."""
        assert self._manifest is not None
        name = self._manifest.name
        why = f"what {name} says of it cannot be used" if video.name in unusable else ""
        return f"{why or f'it is not in {name}'}, so it counts as normal throughout"

    def truth(self, videos: list[Listed]) -> Truth:
        if self._manifest is None:
            return Truth()
        file = TruthFile(path=self._manifest, read=self._annotations)
        source = TruthSource(name=self._manifest.name, files=(file,))
        return Truth(sources=(source,), needs_test=False)  # a video without a row is told already

    def _annotations(self, path: Path, *, options: Mapping[str, Any]) -> Annotations:
        also = options.get("normal_labels") or ()
        return annotations_of(self._rows, source=path.name, also=also)

    def _completed(self, video: Listed) -> Listed:
        row = self._rows.get(video.name)
        if row is None:
            return video
        part = part_of(row.part) or video.part
        return replace(
            video, part=part, label=row.label, fps=row.fps, frame_numbers=row.frame_numbers
        )


def _find_manifest(folder: Path) -> Path | None:
    """Raise BadInput when it is not clear which file is meant."""
    found = [
        path
        for path in (folder / "manifest.csv", folder / "manifest.json")
        if path.is_file() and is_inside(folder, path)
    ]
    if len(found) > 1:
        raise BadInput("the folder has both manifest.csv and manifest.json: keep one")
    return found[0] if found else None

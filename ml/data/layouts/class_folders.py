"""Trimmed clips in folders of classes, one of which is normal.

    fight/fi005.mp4   noFight/nofi001.mp4
    train/fight/a.mp4   train/normal/b.mp4   test/fight/c.mp4   test/normal/d.mp4

The first folder below the part, or below the dataset's folder, is the class of all clips in it. A
clip of a class that does not say normal is abnormal from its first frame to its last. Folders
called train(ing), val(idation) and test(ing) give the part; without them all is test, to be cut
into folds.

Recognised where every clip lies in such a folder, one class says normal and another does not, and
not all that is in `train` is normal: those are clips of one's own, whose labels lie beside them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Any

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._listing import list_videos
from ml.data.layouts.own_clips import MANIFESTS
from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.resolving import Truth, TruthFile, TruthSource
from ml.findings import Finding, counted
from ml.naming import part_of
from ml.normal import is_normal

SOURCE = "folders of classes"


@register
class ClassFolders(DatasetLayout):
    title = "Trimmed clips in folders of classes"
    is_general = True

    def recognises(self) -> bool:
        if any((self.folder / name).exists() for name in MANIFESTS):
            return False
        classes = {class_of(video) for video in self._listing[0]}
        trained = {class_of(video) for video in self._listing[0] if video.part == "train"}
        learns = not trained or not all(map(is_normal, trained))
        return "" not in classes and len({is_normal(each) for each in classes}) == 2 and learns

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = self._listing
        videos = [replace(video, label=class_of(video)) for video in listed]
        return videos, [*findings, *_findings_of(videos)]

    @cached_property
    def _listing(self) -> tuple[list[Listed], list[Finding]]:
        return list_videos(self.folder)

    def truth(self, videos: list[Listed]) -> Truth:
        file = TruthFile(path=self.folder, read=partial(whole_clips, videos))
        return Truth(sources=(TruthSource(name=SOURCE, files=(file,)),), needs_test=False)


def class_of(video: Listed) -> str:
    """The first folder below the part; empty for a clip that lies in none."""
    folders = PurePosixPath(video.path).parts[:-1]
    rest = folders[1:] if folders and part_of(folders[0]) else folders
    return rest[0] if rest else ""


def whole_clips(videos: Sequence[Listed], path: Path, *, options: Mapping[str, Any]) -> Annotations:
    """Every clip is what its folder says, all the time."""
    also = options.get("normal_labels") or ()
    claims = (
        Claim(path=video.name, part=video.part, intervals=())
        if is_normal(video.label, also)
        else Claim(path=video.name, part=video.part, label=video.label, is_whole=True)
        for video in videos
    )
    return Annotations(title=SOURCE, claims=tuple(claims))


def _findings_of(videos: Sequence[Listed]) -> Iterator[Finding]:
    normal = sum(is_normal(video.label) for video in videos)
    text = (
        f"folders are classes: {counted(normal, 'clip')} normal, {len(videos) - normal:,} abnormal "
        "from end to end"
    )
    yield Finding(level="info", subject="ground truth", text=text)
    if all(video.part == "test" for video in videos):
        text = (
            "no folder says which clips are for training, so all are for the test: make folds, and "
            "name what clips share, so that none of a recording is in two of them"
        )
        yield Finding(level="info", subject="training", text=text)

"""Clips of one's own: a folder of normal ones to train on, others to test, labels beside them.

    train/a.mp4   test/01.mp4   test/01.csv          labels of one clip, under its name
    train/a.mp4   test/01.mp4   labels.csv           labels of all clips, by their names
    normal/a.mp4  01.mp4        labels/01.npy

Training clips lie in `train`, `training` or `normal`, or in `normal` inside the first two, and
are normal. Validation clips lie in `val` or `validation`, test clips in `test` or `testing`
or in the dataset's folder itself. A clip may be a folder of images, taken at 25 per second unless
their names are times.

Labels are any ground truth that `ml.data.truth.formats` recognises by its content, which says how
its frames count: a line per frame, start and end of each interval in frames or seconds, JSON,
exports of CVAT and Label Studio, arrays, masks. Of several files about a clip the first counts
(its own before those of all; CSV, JSON, XML, arrays, text) and the others are compared with it.

A manifest says more than this; where there is one, the folder is read by it instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import PurePosixPath

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._beside import candidates, sources, without_masks
from ml.data.layouts._listing import list_videos
from ml.data.truth.resolving import Truth
from ml.data.video.images import DEFAULT_FPS
from ml.findings import Finding, counted, shortened
from ml.naming import part_of
from ml.normal import NORMAL
from ml.records import Part

MANIFESTS = ("manifest.csv", "manifest.json")


@register
class OwnClips(DatasetLayout):
    title = "Own clips: normal ones to train on, and labels beside the others"
    is_general = True

    def recognises(self) -> bool:
        if any((self.folder / name).exists() for name in MANIFESTS):
            return False
        parts = [_part_of(video) for video in self._listing[0]]
        return "train" in parts and None not in parts

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = self._listing
        videos = [_completed(video) for video in listed]
        return videos, [*findings, *_assumptions(videos)]

    @cached_property
    def _listing(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        return without_masks(listed), findings

    def truth(self, videos: list[Listed]) -> Truth:
        found, of_images = candidates(self.folder, videos)
        return Truth(sources=sources(self.folder, found), may_mix=True, findings=tuple(of_images))


def _part_of(video: Listed) -> Part | None:
    """None where the layout does not say it, such as for folders of classes."""
    folders = [folder.lower() for folder in PurePosixPath(video.path).parts[:-1]]
    if not folders:
        return "test"
    part = "train" if folders[0] == NORMAL else part_of(folders[0])
    if part != "train":
        return part
    rest = folders if folders[0] == NORMAL else folders[1:]
    return "train" if rest in ([], [NORMAL]) else None


def _completed(video: Listed) -> Listed:
    part = _part_of(video) or video.part  # as its folder says, where the format was named
    return replace(video, part=part, label=NORMAL if part == "train" else "")


def _assumptions(videos: Sequence[Listed]) -> Iterator[Finding]:
    trained = [video.name for video in videos if video.part == "train"]
    text = f"taken to be normal throughout, to train on: {counted(len(trained), 'clip')}"
    yield Finding(level="info", subject="training", text=text)
    images = [video.name for video in videos if video.kind == "frames"]
    if images:
        text = (
            f"folders of images have no rate, so {DEFAULT_FPS:g} per second is taken unless their "
            f"names are times; a manifest can say otherwise: {shortened(images)}"
        )
        yield Finding(level="info", subject="videos", text=text)

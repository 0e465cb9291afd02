"""Clips in folders of action classes, as Kinetics has them: something to pre-train on.

    train/archery/a.mp4   train/bowling/b.mp4   val/archery/c.mp4
    archery/a.mp4   bowling/b.mp4   classes.txt

No class is normal. The first folder below the part, or below the dataset's folder, is the class of
all clips in it, from their first frame to their last. Without parts of its own a folder of classes
is recognised by `classes.txt`, which names them, one a line; of each class every tenth clip by
name then validates. Nothing is for the test, so runs on it end with their training.

With parts it is recognised where there are `train` and `val` and no other, every clip lies in a
class, and two or more of these train.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._listing import list_videos
from ml.data.layouts.class_folders import SOURCE, class_of, whole_clips
from ml.data.layouts.own_clips import MANIFESTS
from ml.data.truth.resolving import Truth, TruthFile, TruthSource
from ml.findings import Finding, counted, shortened
from ml.normal import is_normal
from ml.tables import decode, lines_of

LIST = "classes.txt"
VALIDATES = 10  # of each class one clip of so many, where no folder says which


@register
class ActionClasses(DatasetLayout):
    title = "Clips in folders of action classes, none of them normal"
    is_general = True

    def recognises(self) -> bool:
        if any((self.folder / name).exists() for name in MANIFESTS):
            return False
        videos = self._listing[0]
        classes = {class_of(video) for video in videos}
        if "" in classes or any(map(is_normal, classes)):
            return False
        if self._named:
            return classes <= self._named
        trained = {class_of(video) for video in videos if video.part == "train"}
        return {video.part for video in videos} == {"train", "validation"} and len(trained) > 1

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = self._listing
        videos = [replace(video, label=class_of(video)) for video in listed]
        if all(video.part == "test" for video in videos):
            videos = _parted(videos)
        return videos, [*findings, *_findings_of(videos)]

    @cached_property
    def _listing(self) -> tuple[list[Listed], list[Finding]]:
        return list_videos(self.folder)

    @cached_property
    def _named(self) -> set[str]:
        path = self.folder / LIST
        lines = lines_of(decode(path.read_bytes(), LIST)[0]) if path.is_file() else []
        return {line.strip() for line in lines if line.strip()}

    def truth(self, videos: list[Listed]) -> Truth:
        file = TruthFile(path=self.folder, read=partial(whole_clips, videos))
        return Truth(sources=(TruthSource(name=SOURCE, files=(file,)),), needs_test=False)


def _parted(videos: Sequence[Listed]) -> list[Listed]:
    """Every tenth of a class validates, the tenth first; of fewer than ten the last of several."""
    by_class: dict[str, list[str]] = defaultdict(list)
    for video in sorted(videos, key=lambda each: each.name):
        by_class[video.label].append(video.name)
    watched = {
        name
        for names in by_class.values()
        for name in (names[VALIDATES - 1 :: VALIDATES] or names[1:][-1:])
    }
    return [
        replace(video, part="validation" if video.name in watched else "train") for video in videos
    ]


def _findings_of(videos: Sequence[Listed]) -> Iterator[Finding]:
    trained = Counter(video.label for video in videos if video.part == "train")
    text = (
        f"folders are {len(trained)} classes of actions, none of them normal: "
        f"{counted(trained.total(), 'clip')} to pre-train on, and none for the test"
    )
    yield Finding(level="info", subject="training", text=text)
    if rare := sorted(name for name, n in trained.items() if n == 1):
        text = f"a single clip to learn from, so nothing can be told of these: {shortened(rare)}"
        yield Finding(level="warning", subject="classes", text=text)
    if unknown := sorted({video.label for video in videos} - trained.keys()):
        text = f"no clip to learn from, so those of validation count nowhere: {shortened(unknown)}"
        yield Finding(level="warning", subject="classes", text=text)

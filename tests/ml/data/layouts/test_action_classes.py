"""Folders of action classes, as Kinetics has them: nothing in them is normal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ml.data.layouts.reading import opened, touch


def test_folders_of_kinetics(tmp_path: Path) -> None:
    folder = touch(
        tmp_path, "train/archery/a.mp4", "train/archery/b.mp4", "train/bowling/c.mp4",
        "train/bowling/d.mp4", "val/archery/e.mp4",
    )  # fmt: skip

    found = opened(folder, 12)

    assert found.format == "action_classes"
    assert {video.name: (video.part, video.label) for video in found.videos} == {
        "train/archery/a": ("train", "archery"), "train/archery/b": ("train", "archery"),
        "train/bowling/c": ("train", "bowling"), "train/bowling/d": ("train", "bowling"),
        "val/archery/e": ("validation", "archery"),
    }  # fmt: skip
    assert found.spans["val/archery/e"] == [(0, 12)]
    assert found.truth.intervals["train/bowling/c"][0].label == "bowling"
    assert found.said("warning") == found.said() == []
    assert (
        "training",
        "folders are 2 classes of actions, none of them normal: 4 clips to pre-train on, and none "
        "for the test",
    ) in found.said("info")


def test_one_level_with_a_list_of_its_classes(tmp_path: Path) -> None:
    names = [f"{kind}/{number:02}.mp4" for kind in ("up", "down") for number in range(12)]
    folder = touch(tmp_path, *names, "spin/a.mp4", "spin/b.mp4")
    (folder / "classes.txt").write_text("up\ndown\nspin\njump\n")

    found = opened(folder, 5)

    assert found.format == "action_classes"
    watched = [video.name for video in found.videos if video.part == "validation"]
    assert sorted(watched) == ["down/09", "spin/b", "up/09"]
    assert {video.part for video in found.videos} == {"train", "validation"}


def test_a_class_with_one_clip_and_one_without_any_are_told(tmp_path: Path) -> None:
    folder = touch(
        tmp_path, "train/archery/a.mp4", "train/bowling/b.mp4", "train/bowling/c.mp4",
        "val/juggling/d.mp4",
    )  # fmt: skip

    assert opened(folder, 5).said("warning") == [
        ("classes", "a single clip to learn from, so nothing can be told of these: archery"),
        ("classes", "no clip to learn from, so those of validation count nowhere: juggling"),
    ]


@pytest.mark.parametrize(
    ("names", "listed", "format_name"),
    [
        (("one/a.mp4", "two/b.mp4"), "", "folder"),  # may be cameras
        (("one/a.mp4", "two/b.mp4"), "one\n", "folder"),
        (("train/one/a.mp4", "train/two/b.mp4", "test/one/c.mp4"), "", "folder"),
        (("train/one/a.mp4", "val/one/b.mp4"), "", "folder"),
        (("train/normal/a.mp4", "train/fall/b.mp4", "val/fall/c.mp4"), "", "class_folders"),
    ],
)
def test_other_folders_are_none(
    tmp_path: Path, names: tuple[str, ...], listed: str, format_name: str
) -> None:
    folder = touch(tmp_path, *names)
    if listed:
        (folder / "classes.txt").write_text(listed)
    assert opened(folder, 10).format == format_name

"""Trimmed clips whose folders are their classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import toys
from tests.ml.data.layouts.reading import opened, surveyed, touch


def test_clips_have_the_class_of_their_folder_from_end_to_end(tmp_path: Path) -> None:
    folder = touch(tmp_path, "fight/a.mp4", "fight/more/b.mp4", "noFight/c.mp4")

    found = opened(folder, {"fight/a": 20, "fight/more/b": 31, "noFight/c": 12})

    assert found.format == "class_folders"
    assert [(video.name, video.part, video.label) for video in found.videos] == [
        ("fight/a", "test", "fight"), ("fight/more/b", "test", "fight"),
        ("noFight/c", "test", "noFight"),
    ]  # fmt: skip
    assert found.spans == {"fight/a": [(0, 20)], "fight/more/b": [(0, 31)], "noFight/c": []}
    assert found.truth.intervals["fight/a"][0].label == "fight"
    assert found.said() == found.said("warning") == []
    assert ("ground truth", "folders are classes: 1 clip normal, 2 abnormal from end to end") in (
        found.said("info")
    )
    assert [subject for subject, _text in found.said("info")].count("training") == 1


def test_folders_above_give_the_part(tmp_path: Path) -> None:
    folder = touch(
        tmp_path, "train/normal/a.mp4", "train/fall/b.mp4", "test/normal/c.mp4", "test/fall/d.mp4",
        "val/normal/e.mp4",
    )  # fmt: skip

    found = opened(folder, 10)

    assert found.format == "class_folders"
    assert {video.name: video.part for video in found.videos} == {
        "train/normal/a": "train", "train/fall/b": "train", "test/normal/c": "test",
        "test/fall/d": "test", "val/normal/e": "validation",
    }  # fmt: skip
    assert found.spans["train/fall/b"] == found.spans["test/fall/d"] == [(0, 10)]


@pytest.mark.parametrize(
    ("names", "format_name"),
    [
        (("fight/a.mp4", "fall/b.mp4"), "folder"),  # nobody says what is normal
        (("normal/a.mp4", "fight/b.mp4", "c.mp4"), "folder"),  # of which class is c?
        (("train/normal/a.mp4", "test/normal/b.mp4", "test/fall/c.mp4"), "own_clips"),
        (("normal/a.mp4", "test/b.mp4"), "own_clips"),
        (("normal/a.mp4", "ok/b.mp4"), "folder"),
    ],
)
def test_other_folders_are_none(tmp_path: Path, names: tuple[str, ...], format_name: str) -> None:
    assert opened(touch(tmp_path, *names), 10).format == format_name


def test_a_manifest_says_more(tmp_path: Path) -> None:
    folder = touch(tmp_path, "fight/a.mp4", "normal/b.mp4")
    (folder / "manifest.csv").write_text("name,label\nfight/a,normal\nnormal/b,normal\n")

    assert opened(folder, 10).format == "folder"


def test_a_real_folder_is_read_to_the_frame(tmp_path: Path) -> None:
    folder = tmp_path / "clips"
    toys.moving_square_video(folder / "fight" / "a.mp4", 13, abnormal=range(13))
    toys.moving_square_video(folder / "normal" / "b.mp4", 11)

    events = surveyed(folder, tmp_path / "out")

    [annotations] = events["annotations"]
    assert annotations["intervals"] == {"fight/a": [[0, 13, "fight"]], "normal/b": []}
    assert {event["name"]: event["label"] for event in events["video"]} == {
        "fight/a": "fight", "normal/b": "normal",
    }  # fmt: skip
    assert events["result"] == [{"values": {"format": "class_folders"}}]

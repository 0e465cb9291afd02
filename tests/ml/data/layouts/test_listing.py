import os
from pathlib import Path

import pytest

from ml.data.layouts._listing import list_videos
from ml.naming import in_order


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def listed(folder: Path) -> list[tuple[str, str, str]]:
    return [(video.name, video.kind, video.part) for video in list_videos(folder)[0]]


def test_list_videos_finds_files_and_folders_of_images(tmp_path: Path) -> None:
    touch(tmp_path, "train/2.mp4", "train/10.MKV", "test/walk/1.tif", "test/walk/2.tif", "a.csv")

    assert listed(tmp_path) == [
        ("test/walk", "frames", "test"),
        ("train/2", "file", "train"),
        ("train/10", "file", "train"),
    ]


@pytest.mark.parametrize(
    ("folder", "part"),
    [("Training", "train"), ("cam 1/train", "train"), ("val", "validation"), ("other", "test")],
)
def test_list_videos_part_is_in_the_path(tmp_path: Path, folder: str, part: str) -> None:
    touch(tmp_path, f"{folder}/a.mp4")

    assert listed(tmp_path) == [(f"{folder}/a", "file", part)]


def test_list_videos_odd_names_are_kept(tmp_path: Path) -> None:
    names = ("Bad.Boys.1995__#01-11-55_label_G-B2-B6", "v=S-7rRLrxnVQ__#1", "違和感 01", "a.mp4")
    touch(tmp_path, *(f"{name}.mp4" for name in names))

    assert {name for name, _, _ in listed(tmp_path)} == set(names)


def test_list_videos_same_name_twice_keeps_the_endings(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "a.avi", "b.avi")

    assert [name for name, _, _ in listed(tmp_path)] == ["a.avi", "a.mp4", "b"]


@pytest.mark.parametrize(
    "names",
    [
        ["testing_videos/01", "testing/frames/02", "testing_videos/10"],
        ["test/1", "2", "test/10"],
        ["day/1", "day/2", "night/1"],  # an id alone does not tell them apart
    ],
)
def test_in_order_of_ids_in_whatever_folders(names: list[str]) -> None:
    assert in_order(reversed(names)) == names


def test_list_videos_ignores_hidden_files_and_lists_playlists(tmp_path: Path) -> None:
    touch(tmp_path, "._a.mp4", ".cache/b.mp4", "c.m3u8", "stray.png")

    assert listed(tmp_path) == [("c", "file", "test")]


def test_list_videos_follows_no_link_out_of_the_folder(tmp_path: Path) -> None:
    touch(tmp_path, "secret/other.mp4", "data/real.mp4")
    data = tmp_path / "data"
    (data / "out.mp4").symlink_to(tmp_path / "secret" / "other.mp4")
    (data / "folder").symlink_to(tmp_path / "secret")
    (data / "alias.mp4").symlink_to(data / "real.mp4")

    videos, findings = list_videos(data)

    assert [video.name for video in videos] == ["alias", "real"]
    assert {(finding.subject, finding.text.split(";")[0]) for finding in findings} == {
        ("out.mp4", "it is a link that leads out of the dataset's folder"),
        ("folder", "it is a link to a folder, and those are not followed"),
    }


def test_list_videos_pipes_and_unprintable_names_are_reported(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / os.fsdecode(b"\xff.mp4")).touch()

    videos, findings = list_videos(tmp_path)

    assert videos == []
    assert {finding.subject for finding in findings} == {"pipe.mp4", "�.mp4"}

import os
from pathlib import Path

import pytest

from ml.data.layouts._listing import list_videos
from ml.naming import VIDEO_ENDINGS, in_order
from tests import toys


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


def told(folder: Path) -> list[tuple[str, str, str]]:
    return [(one.level, one.subject, one.text) for one in list_videos(folder)[1]]


def test_what_is_passed_over_is_told_by_ending_with_the_reason(tmp_path: Path) -> None:
    touch(
        tmp_path, "test/a.mp4", "test/b.r3d", "test/c.R3D", "test.zip", "x.tar.gz",
        "test/d.mp4.part", "stills/1.pgm", "notes.txt", "events.csv", ".hidden.zip", "README",
    )  # fmt: skip

    assert told(tmp_path) == [
        (
            "warning",
            "passed over",
            "1 file ending in .gz (x.tar.gz): archives are not unpacked; unpack what is needed "
            "from it",
        ),
        (
            "warning",
            "passed over",
            "1 file ending in .part (test/d.mp4.part): the name is that of an unfinished download",
        ),
        (
            "warning",
            "passed over",
            "1 file ending in .pgm (stills/1.pgm): this kind of picture is not read; convert it, "
            "to PNG for example",
        ),
        (
            "warning",
            "passed over",
            "2 files ending in .r3d (test/b.r3d, test/c.R3D): this kind of video is not read; "
            "convert it, to MP4 for example",
        ),
        (
            "warning",
            "passed over",
            "1 file ending in .zip (test.zip): archives are not unpacked; unpack what is needed "
            "from it",
        ),
    ]


def test_videos_under_other_endings_are_told(tmp_path: Path) -> None:
    toys.moving_square_video(tmp_path / "a.mp4", 4)
    (tmp_path / "a.mp4").rename(tmp_path / "a.bak")
    toys.moving_square_video(tmp_path / "b.mp4", 4).rename(tmp_path / "camera 1")
    touch(tmp_path, "c.bak")
    (tmp_path / "d.thm").write_bytes(b"\xff\xd8\xff\xe0")  # a preview
    reason = "by its first bytes it is a video, but its ending is that of none; give it the right"

    assert [text for _level, _subject, text in told(tmp_path)] == [
        f"1 file without ending (camera 1): {reason} one",
        f"1 file ending in .bak (a.bak): {reason} one",
    ]


def test_pictures_that_are_no_frames_are_told(tmp_path: Path) -> None:
    touch(tmp_path, "poster.png", "test/a.mp4", "test/a.jpg", "test/b.jpg", "train/x/1.png")

    assert [text.partition(":")[0] for _level, _subject, text in told(tmp_path)] == [
        "2 pictures (test/a.jpg, test/b.jpg)",
        "1 picture (poster.png)",
    ]


def test_list_videos_takes_every_ending_of_videos(tmp_path: Path) -> None:
    names = [f"{number}{ending}" for number, ending in enumerate(sorted(VIDEO_ENDINGS))]
    touch(tmp_path, *names)

    videos, findings = list_videos(tmp_path)

    assert {video.path for video in videos} == set(names)
    assert findings == []

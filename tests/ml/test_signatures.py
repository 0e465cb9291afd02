from collections.abc import Callable
from pathlib import Path

import pytest

from ml.records import BadInput
from ml.signatures import check_video_signature
from tests import hostile, toys


@pytest.mark.parametrize(
    ("name", "codec"),
    [
        ("a.mp4", "libx264"),
        ("a.mov", "libx264"),
        ("a.mkv", "libx264"),
        ("a.webm", "libvpx"),
        ("a.avi", "mpeg4"),
        ("a.ts", "mpeg4"),
        ("a.m2ts", "libx264"),
        ("a.wmv", "wmv2"),
        ("a.flv", "libx264"),
    ],
)
def test_check_video_signature_of_real_containers(tmp_path: Path, name: str, codec: str) -> None:
    path = toys.moving_square_video(tmp_path / name, 30, codec=codec)

    check_video_signature(path)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (hostile.empty, "the file is empty"),
        (hostile.text, "the file is text, not a video"),
        (hostile.lfs_pointer, "Git LFS pointer.*run `git lfs pull`"),
    ],
)
def test_check_video_signature_says_what_it_is_instead(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    path = make(tmp_path / "a.mp4")

    with pytest.raises(BadInput, match=sentence):
        check_video_signature(path)


@pytest.mark.parametrize("name", ["a.mp4", "a.m3u8"])
def test_check_video_signature_of_a_playlist(tmp_path: Path, name: str) -> None:
    target = toys.moving_square_video(tmp_path / "secret.ts", 10, codec="mpeg4")
    path = hostile.playlist(tmp_path / name, target=target)

    with pytest.raises(BadInput, match="a playlist that points at other files"):
        check_video_signature(path)


@pytest.mark.parametrize(
    "head", [b"<?xml version='1.0'?><MPD", b"ffconcat version 1.0", b"\n#EXTM3U"]
)
def test_check_video_signature_of_other_playlists(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(head)

    with pytest.raises(BadInput, match="playlist"):
        check_video_signature(path)


@pytest.mark.parametrize("head", [b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WAVE", bytes(600)])
def test_check_video_signature_of_other_data(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "a.avi"
    path.write_bytes(head)

    with pytest.raises(BadInput, match="none of MP4, MOV"):
        check_video_signature(path)


def test_check_video_signature_of_text_cut_inside_a_character(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("x" + "違" * 300)  # byte 512 lies inside a character

    with pytest.raises(BadInput, match="is text"):
        check_video_signature(path)

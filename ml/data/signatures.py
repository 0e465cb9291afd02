"""What a file is by its first bytes, before any parser sees it."""

from __future__ import annotations

from pathlib import Path

from ml.records import BadInput

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]")
MP4_BOXES = (b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"FLV\x01",
    b"\x30\x26\xb2\x75\x8e\x66\xcf\x11",  # ASF, WMV
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video without a container
)
TRANSPORT_PACKETS = ((0, 188), (4, 196))  # where the first two sync bytes stand: .ts, .m2ts


def check_video_signature(path: Path) -> None:
    """Raise BadInput, saying what it is instead, unless the file starts like a video."""
    with path.open("rb") as file:
        head = file.read(512)
    if not head:
        raise BadInput("the file is empty")
    check_no_pointer(head)
    if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(PLAYLISTS) or b"<MPD" in head:
        raise BadInput("the file is a playlist that points at other files, not a video")
    if _is_text(head):
        raise BadInput("the file is text, not a video")
    if not _is_video(head):
        raise BadInput("the file is none of MP4, MOV, MKV, WebM, AVI, MPEG, WMV and FLV")


def check_no_pointer(head: bytes) -> None:
    if head.startswith(LFS_POINTER):
        raise BadInput(
            "the file is a Git LFS pointer, not the data itself: run `git lfs pull` in its folder"
        )


def _is_video(head: bytes) -> bool:
    return (
        head[4:8] in MP4_BOXES
        or head.startswith(STARTS)
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or any(head[a : a + 1] == b"G" == head[b : b + 1] for a, b in TRANSPORT_PACKETS)
    )


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.end < len(head):  # not merely a character cut off by the read
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character.isspace() for character in text)

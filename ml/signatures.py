"""What a file is by its first bytes, before any parser sees it."""

from __future__ import annotations

from pathlib import Path

from ml.records import BadInput

LFS_POINTER = b"version https://git-lfs.github.com/spec/"
PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]")
HEAD = 512  # bytes by which a file is known
MP4_BOXES = (b"ftyp", b"styp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot")
JPEG = b"\xff\xd8\xff"
FLV = b"FLV\x01"
ASF = b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"  # and WMV
WTV = b"\xb7\xd8\x00\x20\x37\x49\xda\x11\xa6\x4e\x00\x07\xe9\x5e\xad\x8d"
STARTS = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    FLV,
    ASF,
    b"\x00\x00\x01\xba",  # MPEG program stream
    b"\x00\x00\x01\xb3",  # MPEG video without a container
    b"\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02\x01\x01",  # MXF
    b"OggS",
    WTV,
    b"DHAV",
    b"DAHUA",
    b".RMF",
    b"DKIF",  # IVF
    b"YUV4MPEG2 ",
    b"\x1f\x07\x00",  # DV
    JPEG,  # one after another
)
# What a stream of H.264, HEVC or MPEG-4 without a container begins with, after 00 00 01.
H264_UNITS = frozenset({6, 7, 9})  # the lower five bits of the next byte
HEVC_UNITS = frozenset({32, 33, 35, 39})  # its middle six bits
MPEG4_CODES = frozenset({0xB0, 0xB5, *range(0x20)})
TRANSPORT_PACKETS = ((0, 188), (4, 196), (0, 204))  # where the first two sync bytes stand


def check_video_signature(path: Path) -> None:
    """Raise BadInput, saying what it is instead, unless the file starts like a video."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise BadInput("the file is empty")
    check_no_pointer(head)
    if head.lstrip(b"\xef\xbb\xbf \r\n").startswith(PLAYLISTS) or b"<MPD" in head:
        raise BadInput("the file is a playlist that points at other files, not a video")
    if _is_text(head):
        raise BadInput("the file is text, not a video")
    if not is_video(head):
        raise BadInput(
            "the file is none of MP4, MOV, MKV, WebM, AVI, MPEG, WMV, FLV, MXF, Ogg, WTV, DAV, DV, "
            "RealMedia, and no stream of H.264, HEVC or MJPEG"
        )


def check_no_pointer(head: bytes) -> None:
    if head.startswith(LFS_POINTER):
        raise BadInput(
            "the file is a Git LFS pointer, not the data itself: run `git lfs pull` in its folder"
        )


def is_video(head: bytes) -> bool:
    """Whether a file that begins with these bytes, at least `HEAD`, may be a video that is read."""
    return (
        head[4:8] in MP4_BOXES
        or head.startswith(STARTS)
        or (head[:4] == b"RIFF" and head[8:12] == b"AVI ")
        or any(head[a : a + 1] == b"G" == head[b : b + 1] for a, b in TRANSPORT_PACKETS)
        or _is_stream(head)
    )


def _is_stream(head: bytes) -> bool:
    """Of H.264, HEVC or MPEG-4, without a container."""
    rest = head.lstrip(b"\0")
    if len(head) - len(rest) not in (2, 3) or len(rest) < 2 or rest[0] != 1:
        return False
    code = rest[1]
    is_unit = code < 0x80 and (code & 0x1F in H264_UNITS or code >> 1 in HEVC_UNITS)
    return is_unit or code in MPEG4_CODES


def _is_text(head: bytes) -> bool:
    try:
        text = head.decode()
    except UnicodeDecodeError as error:
        if error.end < len(head):  # not merely a character cut off by the read
            return False
        text = head[: error.start].decode()
    return all(character.isprintable() or character.isspace() for character in text)

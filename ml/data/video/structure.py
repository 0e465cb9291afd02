"""Whether a file is whole whatever its header promises, and which places of an AVI are empty.

Only sizes and names of chunks are read.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.signatures import ASF, FLV, WTV

LISTS = (b"movi", b"rec ")  # of RIFF, that hold pictures
PICTURES = (b"dc", b"db")  # compressed, and not
BEGINNINGS = {"flv": FLV, "asf": ASF, "wtv": WTV}  # of the others the second one is read, too
PADDING = 64 * 1024  # bytes that recorders leave behind an AVI
MATROSKA_SEGMENT = b"\x18\x53\x80\x67"


def is_whole(path: Path, format: str) -> bool:
    """Whether every box, chunk or element that the file begins also ends in it.

    False where that cannot be told. `format` is FFmpeg's name of the container.
    """
    measure = next((ends for name, ends in ENDS.items() if name in format.split(",")), None)
    if measure is None:
        return False
    with path.open("rb") as file:
        descriptor, size = file.fileno(), path.stat().st_size
        return measure(descriptor, size)


def second_video_at(path: Path, format: str, end: int) -> int | None:
    """The byte at which a second video begins that nobody reads; None where there is none.

    `end` is where the last packet that was read ends. Of such files players show the first.
    """
    if "mp4" in format.split(","):
        with path.open("rb") as file:
            starts = [at for at, name in _boxes(file.fileno()) if name == b"ftyp"]
        return starts[1] if len(starts) > 1 else None
    magic = BEGINNINGS.get(format)
    if magic is None:
        return None
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        at = data.find(magic, end)
    return at if at > 0 else None


def places(path: Path, stream: int) -> NDArray[np.bool_]:
    """(n,) for each place of an AVI's stream whether it holds a picture or was dropped."""
    wanted = f"{stream:02}".encode()
    with path.open("rb") as file:
        sizes = bytearray(
            size > 0
            for name, size in _chunks(file.fileno())
            if name[:2] == wanted and name[2:] in PICTURES
        )
    return np.frombuffer(bytes(sizes), np.uint8).astype(bool)


def _chunks(descriptor: int) -> Iterator[tuple[bytes, int]]:
    """Name and size of each chunk of an AVI, those inside the lists of pictures included."""
    at = 0
    while len(head := os.pread(descriptor, 12, at)) >= 8:
        name, size = head[:4], int.from_bytes(head[4:8], "little")
        yield name, size
        is_open = name == b"RIFF" or (name == b"LIST" and head[8:12] in LISTS)
        at += 12 if is_open else 8 + size + size % 2


def _riff_ends(descriptor: int, n_bytes: int) -> bool:
    """AVI: every RIFF ends in the file, and all of it is RIFF but perhaps some padding."""
    at = 0
    while len(head := os.pread(descriptor, 8, at)) == 8 and head[:4] == b"RIFF":
        size = int.from_bytes(head[4:8], "little")
        at += 8 + size + size % 2
    return n_bytes - PADDING <= at <= n_bytes + 1


def _boxes(descriptor: int) -> Iterator[tuple[int, bytes]]:
    """Start and name of each outer box of an MP4, and at last where they end, without a name."""
    at = 0
    while len(head := os.pread(descriptor, 16, at)) >= 8:
        size = int.from_bytes(head[:4], "big")
        size = int.from_bytes(head[8:16], "big") if size == 1 else size
        yield at, head[4:8]
        if size < 8:
            return
        at += size
    yield at, b""


def _boxes_end(descriptor: int, n_bytes: int) -> bool:
    """MP4. Of a last box without a size nobody can tell."""
    return (n_bytes, b"") in _boxes(descriptor)


def _segment_ends(descriptor: int, n_bytes: int) -> bool:
    """Matroska: the segment, where its size is known."""
    head = os.pread(descriptor, 4096, 0)
    at = head.find(MATROSKA_SEGMENT)
    if at < 0 or at + 12 > len(head):
        return False
    at += len(MATROSKA_SEGMENT)
    length = 9 - head[at].bit_length()  # of a number that says so by its leading zeros
    size = int.from_bytes(head[at : at + length], "big") & ((1 << 7 * length) - 1)
    is_known = size != (1 << 7 * length) - 1
    return is_known and at + length + size <= n_bytes


ENDS: dict[str, Callable[[int, int], bool]] = {
    "avi": _riff_ends,
    "mp4": _boxes_end,
    "matroska": _segment_ends,
}

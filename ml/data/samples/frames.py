"""Frames of many videos as one memory-mapped array: each is decoded once for all epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from ml.data.video.decode import decode
from ml.records import VideoRecord
from ml.reports import Reporter


@dataclass(frozen=True, kw_only=True)
class FrameStore:
    """Videos laid end to end.

    `frames` (n, H, W) grey or (n, 3, H, W) RGB uint8, mapped from disk: the kernel gives its
    memory back when it is short. `counts` are the frames of each video.
    """

    frames: NDArray[np.uint8]
    counts: tuple[int, ...]


def store_frames(
    videos: Sequence[VideoRecord],
    path: Path,
    *,
    size: tuple[int, int],
    grey: bool,
    reporter: Reporter,
) -> FrameStore:
    """Decode all `videos` to `size` (H, W) into the .npy file `path`."""
    shape = size if grey else (3, *size)
    counts = []
    # Written through a file, not through the map: a full disk is then an error, not SIGBUS.
    with path.open("wb") as file:
        _write_header(file, (0, *shape))
        for done, video in enumerate(videos):
            reporter.progress(stage="decode", done=done, total=len(videos), unit="videos")
            counts.append(_append(file, decode(video, size=size, grey=grey)))
        file.seek(0)
        _write_header(file, (sum(counts), *shape))
    return FrameStore(frames=np.asarray(np.load(path, mmap_mode="r")), counts=tuple(counts))


def _append(file: BinaryIO, frames: Iterator[NDArray[np.uint8]]) -> int:
    count = 0
    for frame in frames:
        channels_first = frame if frame.ndim == 2 else frame.transpose(2, 0, 1)
        file.write(np.ascontiguousarray(channels_first).data)
        count += 1
    return count


def _write_header(file: BinaryIO, shape: tuple[int, ...]) -> None:
    """NumPy pads the header so that the first axis can grow without moving the data."""
    np.lib.format.write_array_header_1_0(
        file, {"descr": "|u1", "fortran_order": False, "shape": shape}
    )

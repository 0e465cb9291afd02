"""Frames of many videos as one memory-mapped array: each is decoded once for all epochs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data.samples.growing import GrowingArray
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
    counts = []
    with GrowingArray(path, size if grey else (3, *size)) as array:
        for done, video in enumerate(videos):
            reporter.progress(stage="decode", done=done, total=len(videos), unit="videos")
            counts.append(_append(array, decode(video, size=size, grey=grey)))
    return FrameStore(frames=array.mapped(), counts=tuple(counts))


def _append(array: GrowingArray, frames: Iterator[NDArray[np.uint8]]) -> int:
    count = 0
    for frame in frames:
        array.append(frame if frame.ndim == 2 else frame.transpose(2, 0, 1))
        count += 1
    return count

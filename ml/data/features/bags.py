"""Bags: each video's features cut to T segments once for all epochs, in one array on disk.

Letters: V videos, N rows of a video, T segments of a bag, K crops, D numbers of a feature.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml.data.features.store import open_features
from ml.records import BadInput, VideoRecord
from ml.reports import Reporter
from ml.supervision import is_abnormal

LARGEST_HALF = float(np.finfo(np.float16).max)
BagType = Literal["float16", "float32"]
Rows = NDArray[np.floating[Any]]
Bounds = NDArray[np.int64]
BagMaker = Callable[[Rows, int], NDArray[np.float32]]  # rows (N, K, D) and T to (T, K, D)


def even_bounds(n_rows: int, n_segments: int) -> Bounds:
    """(T + 1,) bounds: segment t is made of rows [b_t, b_t+1), or of b_t alone where that is empty.

    `linspace` cut to whole numbers, as RTFM's loader and Watanabe et al. do.
    """
    return np.linspace(0, n_rows, n_segments + 1).astype(np.int64)


def resample(rows: Rows, n_segments: int) -> NDArray[np.float32]:
    """(T, K, D): the mean of each of T even segments of the rows (N, K, D)."""
    return means(rows, even_bounds(len(rows), n_segments))


def means(rows: Rows, bounds: Bounds) -> NDArray[np.float32]:
    """(T, K, D): of the rows (N, K, D) between each of the (T + 1,) bounds and the next."""
    end = max(bounds[-1], bounds[-2] + 1)
    sums = np.add.reduceat(rows[:end], bounds[:-1], axis=0, dtype=np.float32)
    counts = np.maximum(1, np.diff(bounds))
    return np.asarray(sums / counts[:, None, None], np.float32)


def sampled_or_padded(rows: Rows, n_segments: int) -> NDArray[np.float32]:
    """(T, K, D): T of the rows (N, K, D) at even distances, or all of them and zeros after them.

    As the loaders of HL-Net and PEL4VAD do: the length is the number of rows that are not zero.
    """
    if len(rows) > n_segments:
        places = np.linspace(0, len(rows) - 1, n_segments).astype(np.int64)
        return np.asarray(rows[places], np.float32)
    padding = [(0, n_segments - len(rows)), (0, 0), (0, 0)]
    return np.pad(np.asarray(rows, np.float32), padding)


@dataclass(frozen=True, kw_only=True)
class BagStore:
    """`bags` (V, K, T, D) mapped from disk: the kernel gives its memory back when it is short.

    `is_abnormal` (V,) says what each video is labelled, `counts` how many rows it had.
    """

    bags: Rows
    is_abnormal: NDArray[np.bool_]
    counts: tuple[int, ...]

    @property
    def n_crops(self) -> int:
        return int(self.bags.shape[1])

    @property
    def dimension(self) -> int:
        return int(self.bags.shape[3])

    def crops_of(self, videos: NDArray[np.int64]) -> NDArray[np.int64]:
        """(n · K,): the numbers of their crops, all videos' crops laid end to end."""
        return (videos[:, None] * self.n_crops + np.arange(self.n_crops)).ravel()

    def take(self, samples: NDArray[np.int64], *, crop_by_crop: bool) -> Rows:
        """(B, K, T, D) of videos, or (B, T, D) of crops, all videos' crops laid end to end."""
        return self.laid(crop_by_crop=crop_by_crop)[samples]

    def laid(self, *, crop_by_crop: bool) -> Rows:
        """All there are, (V, K, T, D) or (V · K, T, D), as they are mapped."""
        return self.bags.reshape(-1, *self.bags.shape[2:]) if crop_by_crop else self.bags


def store_bags(
    videos: Sequence[VideoRecord],
    path: Path,
    *,
    n_segments: int,
    kept_as: BagType,
    reporter: Reporter,
    maker: BagMaker = resample,
) -> BagStore:
    """Cut all `videos` into the .npy file `path`.

    Raise BadInput where features are missing, not finite, or not of one shape for all.
    """
    shape = _shape_of(videos[0])
    # Written through a file, not through the map: a full disk is then an error, not SIGBUS.
    with path.open("wb") as file:
        header = {"fortran_order": False, "shape": (len(videos), shape[0], n_segments, shape[1])}
        descr = np.dtype(kept_as).str
        np.lib.format.write_array_header_1_0(file, {"descr": descr, **header})
        counts = []
        for done, video in enumerate(videos):
            reporter.progress(stage="read features", done=done, total=len(videos), unit="videos")
            rows = _rows_of(video, shape, videos[0])
            bag = _narrowed(maker(rows, n_segments), kept_as, video)
            file.write(np.ascontiguousarray(bag.transpose(1, 0, 2)).data)
            counts.append(len(rows))
    is_labelled = np.array([is_abnormal(video) for video in videos])
    # Copied where somebody writes, which no one does: torch warns of what it cannot write to.
    bags = np.asarray(np.load(path, mmap_mode="c"))
    return BagStore(bags=bags, is_abnormal=is_labelled, counts=tuple(counts))


def _shape_of(video: VideoRecord) -> tuple[int, int]:
    _n_rows, n_crops, dimension = open_features(video).rows.shape
    return n_crops, dimension


def _rows_of(video: VideoRecord, shape: tuple[int, int], first: VideoRecord) -> Rows:
    rows = open_features(video).rows
    if rows.shape[1:] != shape:
        crops, dimension = rows.shape[1:]
        raise BadInput(
            f"The features of {video.name} are of {crops} crops × {dimension} numbers, and those "
            f"of {first.name} of {shape[0]} × {shape[1]}"
        )
    return rows


def _narrowed(bag: NDArray[np.float32], kept_as: BagType, video: VideoRecord) -> Rows:
    if not np.isfinite(bag).all():
        raise BadInput(f"The features of {video.name} hold numbers that are not finite")
    if kept_as == "float16" and float(np.abs(bag).max()) > LARGEST_HALF:
        raise BadInput(
            f"The features of {video.name} hold numbers beyond ± {LARGEST_HALF:.0f}, "
            "which float16 cannot: let bags be kept as float32"
        )
    return bag.astype(kept_as, copy=False)

"""How often an abnormal frame of one video scores above a normal frame of another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ml.metrics.ranking import Floats, checked_scores, descending, sums

BLOCK = 32  # cells compared one by one; with more, comparing outweighs the matrix products
CHUNK_VALUES = 1 << 20  # of a dense matrix of blocks × videos: 8 MiB


@dataclass(frozen=True)
class _Cells:
    """Frames of one score and one video, the highest score first, in blocks of whole scores.

    A block holds fewer than 2 × BLOCK cells, or only cells of one score (`is_tied`, per block).
    """

    normal: Floats
    abnormal: Floats
    videos: NDArray[np.int64]
    ties: NDArray[np.int64]  # equal where the score is equal
    blocks: NDArray[np.int64]
    is_tied: NDArray[np.bool_]


def pair_counts(
    n_normal: ArrayLike, n_abnormal: ArrayLike, scores: ArrayLike, videos: ArrayLike, n_videos: int
) -> Floats:
    """(n_videos, n_videos) pairs that are in the right order; equal scores count half.

    Row: the abnormal frame's video; column: the normal frame's. The four vectors (S,) are those
    of `Segments`. Counts are exact up to 2**52. Sorting happens once; blocks of neighbours are
    compared by a matrix product of their histograms, cells within a block one by one.
    """
    values = checked_scores(scores)
    cells = _cells(
        np.asarray(n_normal, dtype=np.float64),
        np.asarray(n_abnormal, dtype=np.float64),
        values,
        np.asarray(videos, dtype=np.int64),
        n_videos,
    )
    return _between_blocks(cells, n_videos) + _within_blocks(cells, n_videos)


def _cells(
    normal: Floats, abnormal: Floats, scores: NDArray[Any], videos: NDArray[np.int64], n_videos: int
) -> _Cells:
    order = descending(scores)
    scores = scores[order]
    ties = np.cumsum(np.append(False, scores[1:] != scores[:-1])[: len(scores)])
    normal, abnormal, videos = normal[order], abnormal[order], videos[order]
    if len(ties) and ties[-1] + 1 < len(ties):
        keys, cell = np.unique(ties * n_videos + videos, return_inverse=True)
        normal, abnormal = sums(cell, normal, len(keys)), sums(cell, abnormal, len(keys))
        ties, videos = np.divmod(keys, n_videos)
    blocks, is_tied = _blocks(ties)
    return _Cells(normal, abnormal, videos, ties, blocks, is_tied)


def _blocks(ties: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    sizes = np.bincount(ties)
    starts = np.cumsum(sizes) - sizes
    is_big = sizes > BLOCK
    begins = np.diff(starts // BLOCK, prepend=-1) > 0
    begins |= is_big
    begins[1:] |= is_big[:-1]
    block_of_tie = np.cumsum(begins) - 1
    return block_of_tie[ties], is_big[begins]


def _between_blocks(cells: _Cells, n_videos: int) -> Floats:
    counts = np.zeros((n_videos, n_videos))
    above = np.zeros(n_videos)
    for first, last, part in _chunks(cells, n_videos):
        shape = last - first, n_videos
        at = (cells.blocks[part] - first) * n_videos + cells.videos[part]
        normal = sums(at, cells.normal[part], shape[0] * n_videos)
        abnormal = sums(at, cells.abnormal[part], shape[0] * n_videos)
        here = abnormal.reshape(shape)
        seen = np.cumsum(here, axis=0) + above
        above = seen[-1].copy()
        seen -= np.where(cells.is_tied[first:last, None], 0.5, 1.0) * here
        counts += seen.T @ normal.reshape(shape)
    return counts


def _chunks(cells: _Cells, n_videos: int) -> Iterator[tuple[int, int, slice]]:
    """First and last block of each chunk, and where its cells lie."""
    n_blocks, step = len(cells.is_tied), max(1, CHUNK_VALUES // max(1, n_videos))
    for first in range(0, n_blocks, step):
        last = min(first + step, n_blocks)
        start, stop = np.searchsorted(cells.blocks, [first, last])
        yield first, last, slice(start, stop)


def _within_blocks(cells: _Cells, n_videos: int) -> Floats:
    is_compared = ~cells.is_tied[cells.blocks]
    own = np.where(is_compared, cells.normal * cells.abnormal / 2, 0)
    counts = np.diag(sums(cells.videos, own, n_videos)).ravel()
    for distance in range(1, 2 * BLOCK):
        is_pair = (cells.blocks[distance:] == cells.blocks[:-distance]) & is_compared[distance:]
        if not is_pair.any():
            break
        is_equal = cells.ties[distance:] == cells.ties[:-distance]
        upper, lower = slice(None, -distance), slice(distance, None)
        value = np.where(is_equal, 0.5, 1.0)
        counts += _paired(cells, upper, lower, is_pair, value, n_videos)
        if is_equal.any():
            counts += _paired(cells, lower, upper, is_pair & is_equal, value, n_videos)
    return counts.reshape(n_videos, n_videos)


def _paired(
    cells: _Cells,
    abnormal: slice,
    normal: slice,
    is_pair: NDArray[np.bool_],
    value: Floats,
    n_videos: int,
) -> Floats:
    """(n_videos²,) the pairs of cells some places apart, each worth `value`."""
    at = np.flatnonzero(is_pair & (cells.abnormal[abnormal] > 0) & (cells.normal[normal] > 0))
    weights = cells.abnormal[abnormal][at] * cells.normal[normal][at] * value[at]
    keys = cells.videos[abnormal][at] * n_videos + cells.videos[normal][at]
    return sums(keys, weights, n_videos * n_videos)

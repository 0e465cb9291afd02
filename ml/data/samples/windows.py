"""Windows of frames: arithmetic on integers, and a stream of windows in constant memory.

A window is `length` frames, every `stride`-th of a run of frames. Letters: N windows,
L frames in a window, H W height and width.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ml.data.video.decode import Frame


def span(length: int, stride: int = 1) -> int:
    """Frames from the first to the last of a window, both counted."""
    return (length - 1) * stride + 1


def n_windows(n_frames: int, *, length: int, stride: int = 1) -> int:
    return max(0, n_frames - span(length, stride) + 1)


def window_starts(
    frame_counts: Sequence[int], *, length: int, stride: int = 1, step: int = 1
) -> NDArray[np.int64]:
    """First frames of all windows, one every `step` frames, of videos laid end to end.

    No window reaches from one video into the next.
    """
    firsts = accumulate(frame_counts, initial=0)
    starts = [
        np.arange(first, first + n_windows(count, length=length, stride=stride), step)
        for first, count in zip(firsts, frame_counts, strict=False)
    ]
    return np.concatenate([np.empty(0, np.int64), *starts]).astype(np.int64)


def gather(
    frames: NDArray[np.uint8],
    starts: NDArray[np.int64],
    *,
    length: int,
    strides: NDArray[np.int64] | int = 1,
) -> NDArray[np.uint8]:
    """Copy windows out of (n, …) frames: (N, L, …). Each may have a stride of its own."""
    steps = np.reshape(strides, (-1, 1)) * np.arange(length)
    return frames[starts[:, None] + steps]


def stream_windows(
    frames: Iterable[Frame], *, length: int, batch_size: int
) -> Iterator[NDArray[np.uint8]]:
    """Every window of consecutive frames, in order, as (N, L, H, W) with N up to `batch_size`.

    A batch is a view into one buffer and is overwritten by the next.
    """
    buffer: NDArray[np.uint8] | None = None
    n_held = 0
    for frame in frames:
        if buffer is None:
            buffer = np.empty((length - 1 + batch_size, *frame.shape), np.uint8)
        buffer[n_held] = frame
        n_held += 1
        if n_held == len(buffer):
            yield _windows(buffer, length)
            buffer[: length - 1] = buffer[batch_size:]
            n_held = length - 1
    if buffer is not None and n_held >= length:
        yield _windows(buffer[:n_held], length)


def _windows(buffer: NDArray[np.uint8], length: int) -> NDArray[np.uint8]:
    # Writeable, because torch warns of arrays that are not.
    return np.moveaxis(sliding_window_view(buffer, length, axis=0, writeable=True), -1, 1)


def mean_over_windows(
    batches: Iterable[NDArray[np.float32]], *, length: int
) -> NDArray[np.float32]:
    """Mean per frame of what all windows that contain the frame say about it.

    `batches` (N, L) have one row per window of one video, starting at frames 0, 1, 2, …
    """
    # One block that grows: small arrays kept between large ones that come and go would pin
    # the heap, and the process would grow with the video.
    values = array("f")
    for batch in batches:
        values.frombytes(batch.tobytes())
    return _mean_per_frame(np.array(values, np.float32).reshape(-1, length))


def _mean_per_frame(values_NL: NDArray[np.float32]) -> NDArray[np.float32]:
    count, length = values_NL.shape
    if not count:
        return np.empty(0, np.float32)
    sums, votes = np.zeros(count + length - 1), np.zeros(count + length - 1)
    for position in range(length):
        sums[position : position + count] += values_NL[:, position]
        votes[position : position + count] += 1
    return (sums / votes).astype(np.float32)


class RunningMean:
    """Means over overlapping windows, each as soon as no more windows can contain its frame."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._sums: NDArray[np.float64] | None = None  # of the frames that still wait
        self._votes = np.zeros(length - 1)

    def add(self, values: NDArray[np.float32]) -> NDArray[np.float64]:
        """(B, L, …) of the next windows, one for each frame, to the (B, …) means now known."""
        count, length = values.shape[:2]
        sums = np.zeros((count + length - 1, *values.shape[2:]))
        votes = np.zeros(count + length - 1)
        if self._sums is not None:
            sums[: length - 1], votes[: length - 1] = self._sums, self._votes
        for position in range(length):
            sums[position : position + count] += values[:, position]
            votes[position : position + count] += 1
        self._sums, self._votes = sums[count:].copy(), votes[count:]
        return _over(sums[:count], votes[:count])

    def finish(self) -> NDArray[np.float64]:
        """(L − 1, …) means of the frames at the end; none where there was no window."""
        if self._sums is None:
            return np.empty(0)
        return _over(self._sums, self._votes)


def _over(sums: NDArray[np.float64], votes: NDArray[np.float64]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = sums / votes.reshape(-1, *(1,) * (sums.ndim - 1))
    return means

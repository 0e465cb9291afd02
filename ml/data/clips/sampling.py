"""Which moments of a clip a network sees: arithmetic on the times of frames.

A clip is brought to an even rate, each new frame mixed in a straight line of its two neighbours in
time, is cut into L equal segments, and gives the first frame of each.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
ROUNDED = 0.001  # seconds by which containers round the times of frames: such moments are theirs


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """`length` L pictures of a clip at `rate` frames per second; 0: at its own, whatever it is."""

    length: int
    rate: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """(L,) each: the frames `before` and `after` a moment, and the `shares` of the latter, 0…1.

    `n_frames` are those that the clip had, once it was brought to the rate.
    """

    before: Ints
    after: Ints
    shares: Floats
    n_frames: int

    @property
    def last(self) -> int:
        """The last frame that is needed."""
        return int(self.after.max())


def moments(clock: Clock, start: int, end: int, sampling: Sampling) -> Moments:
    """Of the clip that is the frames `start` up to but not including `end`."""
    if not sampling.rate:
        frames = start + first_of_segments(end - start, sampling.length)
        return Moments(
            before=frames, after=frames, shares=np.zeros(len(frames)), n_frames=end - start
        )
    times = clock.times[start:end]
    n_frames = max(1, round((float(clock.gone_at(end)) - times[0]) * sampling.rate))
    seconds = times[0] + first_of_segments(n_frames, sampling.length) / sampling.rate
    places = np.interp(seconds, times, np.arange(start, end))
    nearest = np.rint(places)
    is_frame = np.abs(times[nearest.astype(np.int64) - start] - seconds) <= ROUNDED
    places = np.where(is_frame, nearest, places)
    return Moments(
        before=np.floor(places).astype(np.int64),
        after=np.ceil(places).astype(np.int64),
        shares=places - np.floor(places),
        n_frames=n_frames,
    )


def first_of_segments(n_frames: int, length: int) -> Ints:
    """(L,) numbers of the first frames of L equal segments; fewer frames come several times."""
    return np.arange(length) * n_frames // length

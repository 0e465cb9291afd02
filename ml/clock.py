"""Between frames and seconds: the times at which a player shows the frames of one video.

Zero is the zero of the file, so a picture that starts late starts late here, too. A frame is
shown until the next one is. Nothing is computed with a mean rate: it is only ever shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Clock:
    """Of a video's own times, or where only a rate is known, frame i at i / fps.

    `frame_seconds` is how long the last frame is shown, and every frame past it. `fps` is the
    rate as it was stated, 0 where none was; see `rate`.
    """

    n_frames: int
    frame_seconds: float
    fps: float = 0.0
    own_times: Floats | None = None

    @classmethod
    def of_times(cls, times: ArrayLike, fps: float = 0.0) -> Clock:
        """Of a video's own times; `fps` serves where it has a single frame."""
        known = np.asarray(times, np.float64)
        gaps = np.diff(known)
        usual = float(np.median(gaps)) if len(gaps) else (1 / fps if fps else 0.0)
        return cls(n_frames=len(known), frame_seconds=usual, fps=fps, own_times=known)

    @classmethod
    def constant(cls, n_frames: int, fps: float) -> Clock:
        """Where a rate is all that is known. Raise ValueError for a rate that is none."""
        if not 0 < fps < float("inf"):
            raise ValueError(f"{fps} is no number of frames per second")
        return cls(n_frames=n_frames, frame_seconds=1 / fps, fps=fps)

    @classmethod
    def known(cls, times: Floats, n_frames: int, fps: float) -> Clock | None:
        """By the times of a video's frames; where those are not known, at its rate.

        None without either: a single frame takes both.
        """
        if len(times) > 1 or (len(times) and fps):
            return cls.of_times(times, fps)
        return cls.constant(n_frames, fps) if fps else None

    @property
    def is_even(self) -> bool:
        return self.own_times is None

    @cached_property
    def times(self) -> Floats:
        """(n,) float64: seconds at which each frame is shown first, increasing."""
        return np.arange(self.n_frames) / self.fps if self.own_times is None else self.own_times

    @cached_property
    def end(self) -> float:
        """Seconds at which the last frame is gone; 0 without frames."""
        if self.is_even:
            return self.n_frames / self.fps
        return float(self.times[-1]) + self.frame_seconds if self.n_frames else 0.0

    @property
    def seconds(self) -> float:
        """How long the frames are shown."""
        if self.is_even:
            return self.end
        return self.end - float(self.times[0]) if self.n_frames else 0.0

    @cached_property
    def steady_rate(self) -> float | None:
        """Frames per second, where that is one number: no gap differs from the others."""
        if self.is_even:
            return self.fps
        gaps = np.diff(self.times)
        if not self.frame_seconds:
            return None
        if not are_usual(gaps, self.frame_seconds).all():
            return None
        span = float(self.times[-1] - self.times[0]) if len(gaps) else 0.0
        return len(gaps) / span if span else 1 / self.frame_seconds

    def seconds_at(self, frame: ArrayLike) -> Floats:
        """When `frame` is shown first; the number of frames gives the end, and so on past it."""
        return self._at(frame, self._edges)

    @cached_property
    def rate(self) -> float:
        """Frames per second where every frame keeps to one rate, else NaN.

        To a millionth of a second: a container that rounds times to milliseconds changes them.
        """
        if self.is_even:
            return self.fps
        span = float(self.times[-1] - self.times[0]) if self.n_frames > 1 else 0.0
        own = (self.n_frames - 1) / span if span > 0 else 0.0
        return next((fps for fps in (self.fps, own) if self._keeps_to(fps)), float("nan"))

    def _keeps_to(self, fps: float) -> bool:
        if not 0 < fps < float("inf"):
            return False
        gone = self.times - self.times[:1]
        return bool(np.all(np.abs(gone - np.arange(self.n_frames) / fps) <= SAME))

    @cached_property
    def pauses(self) -> Ints:
        """The frames, rising, before which nothing was recorded for a while.

        Frames that follow each other unevenly are no pause: it takes `PAUSE` seconds and
        `PAUSE_FRAMES` times as long as frames usually last.
        """
        shortest = max(PAUSE, PAUSE_FRAMES * self.frame_seconds)
        return np.flatnonzero(np.diff(self.times) >= shortest) + 1

    def gone_at(self, frame: ArrayLike) -> Floats:
        """When what comes before `frame` is gone: where `frame` is shown first.

        But what comes before a pause is gone after the time for which frames usually last.
        """
        return self._at(frame, self._gone)

    def frame_at(self, seconds: ArrayLike) -> Ints:
        """The first frame whose middle is not before `seconds`.

        So a span of seconds, start and end each turned, holds the frames whose middle it
        holds. A frame counts as long as frames usually last, so that the pause before a gap
        belongs to none. Before zero and past the last frame counting goes on.
        """
        given = np.asarray(seconds, np.float64)
        if self.is_even:
            return np.ceil(given * self.fps - 0.5 - ROUNDING).astype(np.int64)
        found = np.searchsorted(self._middles, given - ROUNDING, side="left").astype(np.int64)
        if not self.frame_seconds:
            return found
        before = self._n_frames_in(np.minimum(given, 0))
        after = self._n_frames_in(np.maximum(given - self.end, 0))
        return np.where(given < 0, before, found + after)

    def _n_frames_in(self, seconds: Floats) -> Ints:
        """Of the usual length, where no frames are; negative before zero."""
        return np.ceil(seconds / self.frame_seconds - 0.5 - ROUNDING).astype(np.int64)

    @cached_property
    def _edges(self) -> Floats:
        """(n + 1,) first moments of the frames, and the end."""
        return np.append(self.times, self.end)

    @cached_property
    def _gone(self) -> Floats:
        """(n + 1,) as `gone_at` has it."""
        gone = self._edges.copy()
        gone[self.pauses] = self.times[self.pauses - 1] + self.frame_seconds
        return gone

    def _at(self, frame: ArrayLike, moments: Floats) -> Floats:
        """Of `moments` (n + 1,), and on at the usual pace before the first and past the last."""
        given = np.asarray(frame, np.int64)
        inside = np.clip(given, 0, self.n_frames)
        return moments[inside] + (given - inside) * self.frame_seconds

    @cached_property
    def _middles(self) -> Floats:
        gaps = np.append(np.diff(self.times), self.frame_seconds)
        return self.times + np.minimum(gaps, self.frame_seconds or np.inf) / 2


def are_usual(gaps: Floats, usual: float) -> NDArray[np.bool_]:
    """Which gaps between frames differ from the usual one by 10 % at most, or by rounding."""
    return np.abs(gaps - usual) <= max(0.1 * usual, MILLISECONDS)


MILLISECONDS = 0.002  # many containers round each time to one, so that two gaps differ by two
ROUNDING = 1e-9  # half a second at 25 frames a second is exactly between two frames
SAME = 1e-6  # seconds by which times may miss a constant rate
PAUSE = 1.0  # seconds: cameras drop a frame or two, recorders stop for longer
PAUSE_FRAMES = 5

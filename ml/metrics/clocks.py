"""The clocks of several videos on one axis, where frame f of video v lies at v × SPACE + f."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock
from ml.metrics.ranking import Floats

SPACE = 1 << 32  # frames that each video has on the common axis, more than any can hold
SECONDS_PER_HOUR = 3_600
ROUNDING = 1e-6  # seconds by which stored times may be off

Ints = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Clocks:
    """Of V videos. `rates` (V,) frames per second and `hours` (V,); NaN where nothing is known.

    A video whose frames do not keep to one rate has none, but times of its own: from `firsts`
    (V,; −1 for all others) on, `shown` and `gone` say in seconds where each of its frames and
    its end are shown first, and where what comes before is gone. `pauses` (P,) are places.
    """

    rates: Floats
    hours: Floats
    firsts: Ints
    shown: Floats
    gone: Floats
    pauses: Ints

    @classmethod
    def of(cls, clocks: Sequence[Clock | None]) -> Clocks:
        """One per video, None where nothing is known of its seconds."""
        rates = np.array([np.nan if each is None else each.rate for each in clocks], np.float64)
        own = {v: each for v, each in enumerate(clocks) if each and np.isnan(rates[v])}
        frames = [np.arange(clock.n_frames + 1) for clock in own.values()]
        lengths = np.array([len(each) for each in frames], np.int64)
        firsts = np.full(len(clocks), -1, np.int64)
        firsts[list(own)] = np.cumsum(lengths) - lengths
        timed = list(zip(own.values(), frames, strict=True))
        pauses = [v * SPACE + clock.pauses for v, clock in own.items()]
        return cls(
            rates=rates,
            hours=np.array([_hours(*each) for each in zip(clocks, rates, strict=True)], np.float64),
            firsts=firsts,
            shown=np.concatenate([np.zeros(0), *(clock.seconds_at(each) for clock, each in timed)]),
            gone=np.concatenate([np.zeros(0), *(clock.gone_at(each) for clock, each in timed)]),
            pauses=np.concatenate([np.zeros(0, np.int64), *pauses]),
        )

    @property
    def have_times(self) -> bool:
        """Whether any video has times of its own."""
        return len(self.shown) > 0

    def has_times(self, places: Ints) -> NDArray[np.bool_]:
        """(N,) whether the video of each place has times of its own."""
        return self.firsts[places // SPACE] >= 0

    def between(self, starts: Ints, ends: Ints) -> Floats:
        """(N,) seconds from when the frame at `starts` is shown first to when that at `ends` is.

        NaN in videos of which nothing is known.
        """
        seconds = (ends - starts) / self.rates[starts // SPACE]
        own = self.has_times(starts)
        seconds[own] = self.shown[self._at(ends[own])] - self.shown[self._at(starts[own])]
        return seconds

    def lasted(self, starts: Ints, ends: Ints) -> Floats:
        """(N,) seconds from where the frame at `starts` is shown first until all before `ends` are
        gone. Of videos with times of their own, as what follows."""
        return self.gone[self._at(ends)] - self.shown[self._at(starts)]

    def apart(self, ends: Ints, starts: Ints) -> Floats:
        """(N,) seconds from where all before `ends` are gone to the frame at `starts`."""
        return self.shown[self._at(starts)] - self.gone[self._at(ends)]

    def first_to_last(self, starts: Ints, ends: Ints, seconds: float) -> Ints:
        """The first frame of each [start, end) by whose end `seconds` have gone; all last so long.

        By halving, all spans at once.
        """
        if seconds <= 0:
            return starts
        first = self._at(starts)
        low, high = first, self._at(ends) - 1
        due = self.shown[first] + seconds - ROUNDING
        while (low < high).any():
            middle = (low + high) // 2
            is_late = self.gone[middle + 1] >= due
            low, high = np.where(is_late, low, middle + 1), np.where(is_late, middle, high)
        return starts + low - first

    def parted(self, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
        """Spans in order that do not touch, parted at the pauses within them."""
        span = np.searchsorted(starts, self.pauses, side="left") - 1
        within = self.pauses[(span >= 0) & (self.pauses < ends[span])]
        if not len(within):
            return starts, ends
        return np.sort(np.append(starts, within)), np.sort(np.append(ends, within))

    def _at(self, places: Ints) -> Ints:
        """Indices in `shown` and `gone`."""
        return self.firsts[places // SPACE] + places % SPACE


def _hours(clock: Clock | None, rate: float) -> float:
    if clock is None:
        return float("nan")
    seconds = clock.seconds if np.isnan(rate) else clock.n_frames / rate
    return seconds / SECONDS_PER_HOUR

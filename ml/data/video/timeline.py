"""Times at which frames are shown, from what decoding gave: complete, and strictly increasing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ml.clock import PAUSE_FRAMES, Clock, are_usual
from ml.findings import counted

Times = NDArray[np.float64]
MOSTLY = 0.9


def usual_fps(times: Times) -> float:
    """Frames per second without the few pauses: the common rate, or the mean where it varies.

    0 where there are fewer than two frames.
    """
    if len(times) < 2:
        return 0.0
    gaps = np.diff(times)
    middle = float(np.median(gaps))
    usual, moving = are_usual(gaps, middle), gaps < PAUSE_FRAMES * middle
    kept = next((each for each in (usual, moving) if each.mean() >= MOSTLY), None)
    if kept is None or kept.all():
        return float(len(gaps) / (times[-1] - times[0]))
    return round(float(kept.sum() / gaps[kept].sum()), 9)


def is_variable_rate(times: Times) -> bool:
    """Whether the gaps between frames are not all the usual one."""
    gaps = np.diff(times)
    return len(gaps) > 0 and not bool(are_usual(gaps, float(np.median(gaps))).all())


def pauses(times: Times) -> list[tuple[float, float]]:
    """Start and length, in seconds, of those in the recording."""
    ends = Clock.of_times(times).pauses
    return [(float(times[end - 1]), float(times[end] - times[end - 1])) for end in ends]


def frame_times(
    times: Times, fps: float, *, places: Sequence[Times] = ()
) -> tuple[Times, tuple[str, ...]]:
    """(n,) seconds, increasing, and warnings of what was put right.

    `times` (n,) as they were decoded, NaN where a frame has none. A container without times of
    presentation has `places` instead, in whatever order; those that are n count.
    """
    is_sound = bool(np.isfinite(times).all() and np.all(np.diff(times) > 0))
    for in_places in map(np.sort, places):
        if len(in_places) == len(times) and np.all(np.diff(in_places) > 0):
            return in_places, () if is_sound else (_placed(usual_fps(in_places) or fps),)
    if is_sound:
        return times, ()
    chain = _increasing(times)
    if len(chain) >= max(2, MOSTLY * len(times)):
        n_wrong = counted(len(times) - len(chain), "time stamp")
        text = f"{n_wrong} missing or out of order, of {len(times)}; put between the others"
        return _between(times, chain, fps), (text,)
    known = times[np.isfinite(times)]
    start = float(known.min()) if len(known) else 0.0
    return start + np.arange(len(times)) / fps, (_placed(fps),)


def _placed(fps: float) -> str:
    return (
        f"time stamps are missing or out of order; frames were placed at {round(fps, 3):g} "
        "per second"
    )


def _increasing(times: Times) -> list[int]:
    """Indices of the longest chain of increasing times."""
    ends: list[float] = []  # the lowest end of a chain of each length
    last: list[int] = []
    before = [-1] * len(times)
    for index in np.flatnonzero(np.isfinite(times)).tolist():
        length = bisect_left(ends, times[index])
        before[index] = last[length - 1] if length else -1
        ends[length : length + 1] = [times[index]]
        last[length : length + 1] = [index]
    chain = []
    at = last[-1] if last else -1
    while at >= 0:
        chain.append(at)
        at = before[at]
    return chain[::-1]


def _between(times: Times, chain: list[int], fps: float) -> Times:
    """The others, evenly between those of the chain and at the usual rate outside of it."""
    filled = np.interp(np.arange(len(times)), chain, times[chain])
    head, tail = np.arange(chain[0]), np.arange(chain[-1] + 1, len(times))
    filled[head] = times[chain[0]] - (chain[0] - head) / fps
    filled[tail] = times[chain[-1]] + (tail - chain[-1]) / fps
    return filled

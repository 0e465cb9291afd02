"""Seconds of a video's frames, for pages, their scripts and REST."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock

NEARLY = 1e-3  # milliseconds: 64.9999999 s is 65 s


class Span(NamedTuple):
    """Frames of a video in seconds; None where its clock is not known."""

    start_seconds: float | None = None
    seconds: float | None = None  # without the pause after the last of them, if there is one


def span_of(clock: Clock | None, start: int, end: int) -> Span:
    """Of the frames [start, end), as far as the video goes."""
    if clock is None:
        return Span()
    first = float(clock.seconds_at(start))
    gone = float(clock.gone_at(min(end, clock.n_frames)))
    return Span(start_seconds=first, seconds=gone - first)


def clock_for_scripts(clock: Clock | None) -> dict[str, Any] | None:
    """When each frame is shown first, to the millisecond.

    {"first", "step"}: frame k at first + k × step milliseconds. Where no step gives the
    milliseconds of all frames, {"first", "gaps"}: a gap to the next frame, how many frames in a
    row have it, and so on.
    """
    if clock is None or not clock.n_frames:
        return None
    shown = np.floor(clock.times * 1_000 + NEARLY).astype(np.int64)
    lines = (_line(shown, step) for step in _steps(clock))
    return next((line for line in lines if line), None) or _uneven(shown)


def _steps(clock: Clock) -> Iterator[float]:
    """Milliseconds from frame to frame that may lie behind rounded times."""
    if clock.n_frames == 1:
        yield 0.0
        return
    mean = 1_000 * float(clock.times[-1] - clock.times[0]) / (clock.n_frames - 1)
    yield mean
    for whole in (1_000, 1_001):  # 25 a second, and 30 000 in 1 001
        yield whole / max(1, round(whole / mean))


def _line(shown: NDArray[np.int64], step: float) -> dict[str, float] | None:
    """None where first + k × step leaves the millisecond of a frame, whatever the first is."""
    apart = shown - step * np.arange(len(shown))
    low, high = float(apart.max()), float(apart.min()) + 1
    return {"first": (low + high) / 2, "step": step} if low + NEARLY < high else None


def _uneven(shown: NDArray[np.int64]) -> dict[str, Any]:
    gaps = np.diff(shown)
    starts = np.flatnonzero(np.append(True, gaps[1:] != gaps[:-1]))
    counts = np.diff(np.append(starts, len(gaps)))
    return {"first": int(shown[0]), "gaps": np.stack([gaps[starts], counts], 1).ravel().tolist()}

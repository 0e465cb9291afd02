"""Time stamps of a video's packets as one clock: wraps undone, joined segments one after another.

Recorders join segments byte by byte, so that stamps start anew in the middle of a file, and
those of MPEG systems start anew by themselves every 26 hours. Decoders hand stamps on as they
are, so they are put right before decoding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Ticks = NDArray[np.int64]
WRAPS = {"mpegts": 2**33, "mpeg": 2**33}  # ticks after which a format counts from zero again
MAX_REORDER = 16  # packets that a codec may store before the one that is shown first
FEW_GAPS = 4


@dataclass(frozen=True, kw_only=True)
class Unwrapped:
    """`shifts` (n,) are to be added to the stamps of each packet, in the order of the file.

    `times` (n,) are the right stamps at which packets are shown, `starts` the packets at which
    stamps start anew.
    """

    shifts: Ticks
    times: Ticks
    starts: tuple[int, ...] = ()


def unwrap(dts: Sequence[int | None], pts: Sequence[int | None], *, wrap: int = 0) -> Unwrapped:
    """Of the n packets of one stream, in ticks; `wrap` is the number at which they count anew."""
    raw = _filled(dts, pts)
    if not len(raw):
        return Unwrapped(shifts=raw, times=raw)
    decoded = raw[0] + np.concatenate([[0], np.cumsum(_signed(np.diff(raw), wrap))])
    shown = decoded + _signed(_filled(pts, dts) - raw, wrap)
    starts = _starts(decoded)
    offsets = _offsets(shown, starts)
    return Unwrapped(shifts=decoded - raw + offsets, times=shown + offsets, starts=tuple(starts))


def usual_step(ticks: Ticks) -> int:
    """The median step forward; 1 where there is none."""
    steps = np.diff(ticks)
    forward = steps[steps > 0]
    return int(np.median(forward)) if len(forward) else 1


def _filled(first: Sequence[int | None], second: Sequence[int | None]) -> Ticks:
    """The first where it is known, else the second, else what the packet before it has."""
    known: list[int] = []
    for one, other in zip(first, second, strict=True):
        value = other if one is None else one
        known.append(value if value is not None else known[-1] if known else 0)
    return np.array(known, np.int64)


def _signed(ticks: Ticks, wrap: int) -> Ticks:
    """The shorter way round the circle."""
    return (ticks + wrap // 2) % wrap - wrap // 2 if wrap else ticks


def _starts(decoded: Ticks) -> list[int]:
    """Packets at which decoding times go back for good, not for a packet or two."""
    step = usual_step(decoded)
    smooth = _without_singles(decoded, step)
    starts, highest, seen = [0], smooth[0], 0
    for at in (np.flatnonzero(np.diff(smooth) < 0) + 1).tolist():
        highest = max(highest, smooth[seen:at].max())
        seen = at
        goes_far = highest - smooth[at] > MAX_REORDER * step
        stays = bool(np.all(smooth[at : at + MAX_REORDER + 1] <= highest))
        is_at_the_beginning = smooth[at] < smooth[starts[-1]] + step
        if (goes_far and stays) or (is_at_the_beginning and at - starts[-1] >= FEW_GAPS):
            starts.append(at)
            highest = smooth[at]
    return starts[1:]


def _without_singles(ticks: Ticks, step: int) -> Ticks:
    """Single stamps that are out of line are put between their neighbours."""
    if len(ticks) < 3:
        return ticks
    before, here, after = ticks[:-2], ticks[1:-1], ticks[2:]
    in_line = (after > before) & (after - before <= FEW_GAPS * step)
    is_wrong = in_line & ((here < before) | (here > after))
    smooth = ticks.copy()
    smooth[1:-1][is_wrong] = ((before + after) // 2)[is_wrong]
    return smooth


def _offsets(shown: Ticks, starts: list[int]) -> Ticks:
    """Each segment begins where the last picture of the one before it is gone."""
    offsets = np.zeros(len(shown), np.int64)
    bounds = [0, *starts, len(shown)]
    end = None
    for first, last in pairwise(bounds):
        segment = shown[first:last]
        offset = 0 if end is None else end - int(segment.min())
        offsets[first:last] = offset
        end = int(segment.max()) + offset + usual_step(np.sort(segment))
    return offsets

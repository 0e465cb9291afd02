"""Who of one frame is who of the next, and which regions that makes.

A box goes to the track whose last box it shares most with, surest pairs first. A track that is
lost for longer than a gap has ended.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock
from ml.detectors._base import Boxes, DetectorOptions, Found, overlaps
from ml.records import Box

Size = tuple[int, int]  # height and width of the picture


@dataclass(eq=False, kw_only=True)
class Track:
    """`boxes` of one person in `frames`, which rise."""

    number: int
    frames: list[int] = field(default_factory=list)
    boxes: list[NDArray[np.float64]] = field(default_factory=list)

    def interpolated(self, start: int, end: int) -> Boxes:
        """(end - start, 4) of each frame, in a straight line between those that were seen."""
        wanted = np.arange(start, end)
        boxes = np.stack(self.boxes)
        return np.column_stack(
            [np.interp(wanted, self.frames, boxes[:, side]) for side in range(4)]
        )


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Frames `start_frame` up to but not including `end_frame` of a track, and the box for them."""

    track: int
    start_frame: int
    end_frame: int
    box: Box


class Tracker:
    """Takes what was found frame by frame; holds only the tracks that go on."""

    def __init__(self, options: DetectorOptions) -> None:
        self._options = options
        self._open: list[Track] = []
        self._n_tracks = 0

    def take(self, frame: int, found: Found) -> list[Track]:
        """Return the tracks that have ended before this frame, long enough ones alone."""
        ended = self._part(frame)
        taken = set()
        for track, place in self._pairs(found.boxes):
            track.frames.append(frame)
            track.boxes.append(found.boxes[place])
            taken.add(place)
        for place, box in enumerate(found.boxes):
            if place not in taken:
                self._n_tracks += 1
                self._open.append(Track(number=self._n_tracks, frames=[frame], boxes=[box]))
        return ended

    def end(self) -> list[Track]:
        """Those that were left, at the end of the video."""
        left, self._open = self._open, []
        return [track for track in left if self._is_long(track)]

    def _part(self, frame: int) -> list[Track]:
        reach = max(self._options.longest_gap + 1, self._options.every)
        ended = [track for track in self._open if frame - track.frames[-1] > reach]
        self._open = [track for track in self._open if track not in ended]
        return [track for track in ended if self._is_long(track)]

    def _is_long(self, track: Track) -> bool:
        return track.frames[-1] - track.frames[0] + 1 >= self._options.shortest

    def _pairs(self, boxes: Boxes) -> Iterator[tuple[Track, int]]:
        """Each track and each box once, those that share most first."""
        if not self._open or not len(boxes):
            return
        shares = overlaps(np.stack([track.boxes[-1] for track in self._open]), boxes)
        for _each in range(min(shares.shape)):
            row, column = np.unravel_index(np.argmax(shares), shares.shape)
            if shares[row, column] < self._options.same_overlap:
                return
            shares[row, :], shares[:, column] = -1.0, -1.0
            yield self._open[row], int(column)


def pieces_of(track: Track, clock: Clock, size: Size, options: DetectorOptions) -> Iterator[Piece]:
    """A track cut into as few even parts as will do, none longer than the longest clip.

    A part has one box, the smallest around the person in all its frames and a margin: what moves
    in it is the person, and not the picture around.
    """
    start, end = track.frames[0], track.frames[-1] + 1
    seconds = float(clock.gone_at(end) - clock.seconds_at(start))
    n_parts = max(1, math.ceil((seconds - clock.frame_seconds / 2) / options.longest_seconds))
    bounds = np.linspace(start, end, n_parts + 1).astype(int).tolist()
    for first, last in pairwise(bounds):
        if first < last:
            box = around(track.interpolated(first, last), size, options.margin)
            yield Piece(track=track.number, start_frame=first, end_frame=last, box=box)


def around(boxes: Boxes, size: Size, margin: float) -> Box:
    """The whole pixels of a picture that hold all of (N, 4), and a margin; at least one."""
    height, width = size
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    wider = (high - low) * margin
    left, top = np.clip(np.floor(low - wider), 0, [width - 1, height - 1]).astype(int).tolist()
    right, bottom = np.clip(np.ceil(high + wider), [left + 1, top + 1], [width, height]).astype(int)
    return Box(left=left, top=top, width=int(right) - left, height=int(bottom) - top)

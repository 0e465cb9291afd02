"""Clips of a video as pictures: every frame is decoded once, whatever clips it is in.

Letters: L pictures of a clip, S side of a picture.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ml.data.clips.pictures import Picture, Picturing
from ml.data.clips.sampling import Moments
from ml.data.video.decode import decode
from ml.records import BadInput, Box, VideoRecord

Pictures = NDArray[np.uint8]
Key = tuple[int, Box | None]  # a frame, cut to a box


@dataclass(frozen=True, kw_only=True, eq=False)
class Wanted:
    moments: Moments
    box: Box | None = None

    def keys(self) -> set[Key]:
        frames = {*self.moments.before.tolist(), *self.moments.after.tolist()}
        return {(frame, self.box) for frame in frames}


def read_clips(
    video: VideoRecord, wanted: Sequence[Wanted], picturing: Picturing
) -> Iterator[Pictures]:
    """(L, S, S, 3) of each, in their order, which should be that in which they begin.

    Pictures are held only until no clip needs them any more. Raise BadInput where the video ends
    before a clip does, or a box reaches out of the picture.
    """
    waiting = deque(wanted)
    held = _Held(waiting)
    for number, frame in enumerate(decode(video)):
        held.take(number, frame, video, picturing)
        while waiting and waiting[0].moments.last <= number:
            yield held.give(waiting.popleft())
        if not waiting:
            return
    raise BadInput(f"{video.name} ends before its frame {waiting[0].moments.last}")


class _Held:
    """The pictures that clips still wait for."""

    def __init__(self, wanted: Sequence[Wanted] | deque[Wanted]) -> None:
        self._uses = Counter(key for each in wanted for key in each.keys())  # noqa: SIM118
        self._boxes: dict[int, list[Box | None]] = defaultdict(list)
        for frame, box in self._uses:
            self._boxes[frame].append(box)
        self._pictures: dict[Key, Picture] = {}

    def take(self, number: int, frame: Picture, video: VideoRecord, picturing: Picturing) -> None:
        for box in self._boxes.pop(number, ()):
            try:
                self._pictures[number, box] = picturing.of(frame, box)
            except BadInput as error:
                raise BadInput(f"{video.name}, frame {number}: {error}") from error

    def give(self, wanted: Wanted) -> Pictures:
        moments, box = wanted.moments, wanted.box
        pictures = np.stack([
            _mixed(self._pictures[before, box], self._pictures[after, box], share)
            for before, after, share in zip(
                moments.before.tolist(), moments.after.tolist(), moments.shares.tolist(),
                strict=True,
            )
        ])  # fmt: skip
        for key in wanted.keys():  # noqa: SIM118
            self._uses[key] -= 1
            if not self._uses[key]:
                del self._pictures[key]
        return pictures


def _mixed(before: Picture, after: Picture, share: float) -> Picture:
    """In a straight line between the two."""
    if not share:
        return before
    return np.asarray(cv2.addWeighted(before, 1 - share, after, share, 0), np.uint8)

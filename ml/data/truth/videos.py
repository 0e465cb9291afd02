"""The videos that ground truth is laid against: their true lengths, clocks and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock
from ml.data.truth.claims import Claim
from ml.findings import shortened
from ml.naming import NameIndex, in_order, order_in_words
from ml.records import BadInput


@dataclass(frozen=True, kw_only=True)
class KnownVideo:
    """A video of the dataset.

    `n_frames` is its true count; 0 where it could not be read. `times` (n_frames,) are the
    seconds at which its frames are shown, None where only a rate is known; an `fps` of 0 is
    unknown, too. `numbering_fault` says why the numbers of its frames may not be their places.
    """

    name: str
    n_frames: int
    label: str = ""
    part: str = ""
    sha256: str = ""
    fps: float = 0.0
    source: str = ""
    numbering_fault: str = ""
    times: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    @cached_property
    def clock(self) -> Clock | None:
        """None where neither times nor a rate are known."""
        if self.times is not None:
            return Clock.of_times(self.times, self.fps)
        return Clock.constant(self.n_frames, self.fps) if self.fps else None


def known_videos(videos: Sequence[Mapping[str, Any]], times: str = "") -> list[KnownVideo]:
    """From JSON. The file `times` (.npy) holds the times of those that have `has_times`, end to
    end in their order.

    Raise ValueError where it holds more or fewer: some would be of another video's frames.
    """
    stored = np.load(times, mmap_mode="r") if times else np.zeros(0)
    known, start = [], 0
    for video in videos:
        facts = dict(video)
        if facts.pop("has_times", False):
            facts["times"] = stored[start : start + facts["n_frames"]]
            start += facts["n_frames"]
        known.append(KnownVideo(**facts))
    if start != len(stored):
        raise ValueError(f"{len(stored)} times of frames where the videos have {start}")
    return known


class VideoSet:
    """Videos by their names, and in the one order of those that files without names are about."""

    def __init__(self, videos: Sequence[KnownVideo], order: Sequence[str] = ()) -> None:
        """`order` names the videos of such files, by default all test videos by their ids.

        Raise BadInput where it names a video that is not there.
        """
        self.videos = tuple(videos)
        self.by_name = {video.name: video for video in videos}
        self._index = NameIndex(videos, name=lambda each: each.name, part=lambda each: each.part)
        unknown = [name for name in order if name not in self.by_name]
        if unknown:  # all videos after it would be taken for their neighbours
            raise BadInput(
                f"The order of the videos names {shortened(unknown)}, not in the dataset"
            )
        names = order or in_order(video.name for video in self.tested)
        self.in_order = tuple(self.by_name[name] for name in names)

    @property
    def tested(self) -> Sequence[KnownVideo]:
        """The test videos; all of them where no part is known."""
        return [video for video in self.videos if video.part == "test"] or self.videos

    def find(self, claim: Claim) -> KnownVideo | None:
        """The one that its name means."""
        return self._index.find(claim.path, part=claim.part) if claim.path else None

    def at(self, position: int | None) -> KnownVideo | None:
        """The one at this place of the order."""
        is_there = position is not None and position < len(self.in_order)
        return self.in_order[position or 0] if is_there else None

    def why_not(self, claim: Claim) -> str:
        """Why no video is meant."""
        return self._index.why_not(claim.path, part=claim.part)

    def order_in_words(self) -> str:
        return order_in_words([video.name for video in self.in_order])

    def __iter__(self) -> Iterator[KnownVideo]:
        return iter(self.videos)

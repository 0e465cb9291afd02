"""Extractors that listen: of each segment to the sound around its middle, by the clock.

T rows, B patches at once, D numbers of a feature.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ml.clock import Clock
from ml.data.sound.blocks import Samples, silence
from ml.data.sound.log_mel import PATCH_SAMPLES, RATE, Patch, patches
from ml.data.sound.track import NoSound, Track
from ml.data.video.decode import named
from ml.data.video.outline import DEFAULT_FPS, Outline, outline
from ml.extraction._base import Extractor, Row, Tell, option
from ml.extraction.segments import Remainder, n_rows
from ml.records import VideoRecord

AT_ONCE = 16  # patches


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class SoundOptions:
    without_sound: Annotated[
        Literal["refuse", "silence"],
        option("Data", "Videos without sound", "Are refused, or taken for silent ones"),
    ] = "refuse"


class SoundExtractor(Extractor):
    """A row is made of the 0.96 s around the middle of its segment, whatever the frame rate."""

    Config = SoundOptions

    @abstractmethod
    def embeddings(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, D) of (B, 96, 64)."""

    def rows(
        self, video: VideoRecord, *, frames_per_row: int, remainder: Remainder, tell: Tell
    ) -> Iterator[Row]:
        with named(video):
            seen = None if video.kind == "frames" else outline(Path(video.path))
            middles = row_middles(clock_of(video, seen), frames_per_row, remainder)
            starts = np.round(middles * RATE).astype(int) - PATCH_SAMPLES // 2
            heard = patches(self._blocks(video, seen, starts, tell), (starts - starts[0]).tolist())
            for batch in _batches(heard):
                yield from self.embeddings(batch)[:, None]

    def _blocks(
        self, video: VideoRecord, seen: Outline | None, starts: NDArray[np.int64], tell: Tell
    ) -> Iterator[Samples]:
        """All sound between the first patch and the end of the last, to be taken to its end."""
        n_samples = int(starts[-1] - starts[0]) + PATCH_SAMPLES
        try:
            if seen is None:
                raise NoSound("images have no sound")
            track = Track(Path(video.path), seen)
            yield from track.samples(RATE, int(starts[0]) / RATE, n_samples)
        except NoSound as error:
            if self.config.without_sound == "refuse":
                raise
            tell(f"{error}: taken as silence")
            yield from silence(n_samples)
        else:
            for remark in track.heard.remarks():
                tell(remark)


def clock_of(video: VideoRecord, seen: Outline | None) -> Clock:
    """Of its frames, the first at 0: by their own times, or by their rate where those miss some."""
    if seen is None:
        return Clock.constant(video.n_frames, DEFAULT_FPS)
    n_frames = video.n_frames or seen.n_frames
    if len(seen.shown) == n_frames:
        return Clock.of_times(seen.shown - seen.shown[0], seen.fps)
    return Clock.constant(n_frames, seen.fps)


def row_middles(clock: Clock, frames_per_row: int, remainder: Remainder) -> NDArray[np.float64]:
    """(T,) seconds: between the moments at which a row's first frame comes and its last is gone."""
    firsts = np.arange(n_rows(clock.n_frames, frames_per_row, remainder=remainder))
    firsts *= frames_per_row
    ends = np.minimum(firsts + frames_per_row, clock.n_frames)
    return (clock.seconds_at(firsts) + clock.gone_at(ends)) / 2


def _batches(patches: Iterable[Patch]) -> Iterator[NDArray[np.float32]]:
    held: list[Patch] = []
    for patch in patches:
        held.append(patch)
        if len(held) == AT_ONCE:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)

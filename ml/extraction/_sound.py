"""Extractors that listen: of each segment to the sound around its middle, by the clock.

T rows, B patches at once, D numbers of a feature.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass

from ml.clock import Clock
from ml.data.sound.blocks import Samples, silence
from ml.data.sound.log_mel import (
    PATCH_SAMPLES,
    PATCH_SECONDS,
    PATCH_STEP,
    RATE,
    Patch,
    patches,
)
from ml.data.sound.track import NoSound, Track
from ml.data.video.clocks import clock_of
from ml.data.video.decode import named
from ml.data.video.outline import Outline, outline
from ml.extraction._base import Extractor, Row, Warn, option
from ml.extraction.segments import Remainder, n_rows
from ml.records import BadInput, VideoRecord

if TYPE_CHECKING:
    import torch

AT_ONCE = 16  # patches


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class SoundOptions:
    without_sound: Annotated[
        Literal["refuse", "silence"],
        option("Data", "Videos without sound", "Are refused, or taken for silent ones"),
    ] = "refuse"
    rows: Annotated[
        Literal["picture", "own"],
        option("Data", "Rows", "One around the middle of each of the picture's, or one of each "
               "0.96 s, as other programs make them"),
    ] = "picture"  # fmt: skip


class SoundExtractor(Extractor):
    """A row is made of the 0.96 s around the middle of its segment, whatever the frame rate.

    Or of each 0.96 s from the first picture on.
    """

    Config = SoundOptions

    def __init__(self, device: torch.device, config: SoundOptions, weights: Path | None) -> None:
        super().__init__(device, config, weights)
        self.row_seconds = PATCH_SECONDS if config.rows == "own" else 0.0

    @abstractmethod
    def embeddings(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """(B, D) of (B, 96, 64)."""

    def rows(
        self, video: VideoRecord, *, frames_per_row: int, remainder: Remainder, warn: Warn
    ) -> Iterator[Row]:
        self.frames_of_row(video)  # before anything is made
        with named(video):
            seen = None if video.kind == "frames" else outline(Path(video.path))
            clock = clock_of(video, seen)
            if self.row_seconds:
                starts = np.arange(n_patches(clock.seconds, remainder)) * PATCH_STEP
            else:
                middles = row_middles(clock, frames_per_row, remainder)
                starts = np.round(middles * RATE).astype(int) - PATCH_SAMPLES // 2
            heard = patches(self._blocks(video, seen, starts, warn), (starts - starts[0]).tolist())
            for batch in _batches(heard):
                yield from self.embeddings(batch)[:, None]

    def frames_of_row(self, video: VideoRecord) -> float:
        if not self.row_seconds:
            return 0.0
        with named(video):
            if video.kind == "frames":
                raise BadInput(f"images have no rate, and a row of {self.row_seconds} s needs one")
            clock = clock_of(video, outline(Path(video.path)))
            even = np.arange(clock.n_frames) / clock.fps
            if np.abs(clock.times - even).max() > self.row_seconds / 2:
                raise BadInput(
                    f"its frames come unevenly, so that a row of {self.row_seconds} s lasts no one "
                    "number of frames: leave rows=picture, which goes by the times of frames"
                )
        return self.row_seconds * clock.fps

    def _blocks(
        self, video: VideoRecord, seen: Outline | None, starts: NDArray[np.int64], warn: Warn
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
            warn(f"{error}: taken as silence")
            yield from silence(n_samples)
        else:
            for remark in track.heard.remarks():
                warn(remark)


def row_middles(clock: Clock, frames_per_row: int, remainder: Remainder) -> NDArray[np.float64]:
    """(T,) seconds: between the moments at which a row's first frame comes and its last is gone."""
    firsts = np.arange(n_rows(clock.n_frames, frames_per_row, remainder=remainder))
    firsts *= frames_per_row
    ends = np.minimum(firsts + frames_per_row, clock.n_frames)
    return (clock.seconds_at(firsts) + clock.gone_at(ends)) / 2


def n_patches(seconds: float, remainder: Remainder) -> int:
    """Of 0.96 s each, one at least; a hundredth of one is rounding."""
    n = seconds / PATCH_SECONDS
    return max(1, math.floor(n + 0.01) if remainder == "drop" else math.ceil(n - 0.01))


def _batches(patches: Iterable[Patch]) -> Iterator[NDArray[np.float32]]:
    held: list[Patch] = []
    for patch in patches:
        held.append(patch)
        if len(held) == AT_ONCE:
            yield np.stack(held)
            held = []
    if held:
        yield np.stack(held)

"""Clips of many videos as memory-mapped arrays, one for each modality: decoded once for all epochs.

Letters: N clips, L pictures of a clip, S side of a picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data.clips.cutting import Clip, labelled_clips
from ml.data.clips.modalities import Modality
from ml.data.clips.pictures import Picturing
from ml.data.clips.reading import Pictures, Wanted, read_clips
from ml.data.clips.sampling import Sampling, moments
from ml.data.samples.growing import GrowingArray
from ml.data.video.clocks import read_clock
from ml.findings import counted, shortened
from ml.records import VideoRecord
from ml.reports import Reporter

FEWEST = 2  # frames of a clip: less shows no motion


@dataclass(frozen=True, kw_only=True)
class Making:
    """How clips are made of videos. Of a training video none is longer than `longest` seconds."""

    sampling: Sampling
    picturing: Picturing
    modalities: tuple[Modality, ...]
    longest: float

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(L, S, S, 3) of a clip in each modality."""
        return self.sampling.length, self.picturing.size, self.picturing.size, 3


@dataclass(frozen=True, kw_only=True)
class ClipStore:
    """`pictures` are a map (N, L, S, S, 3) of each modality, in their order.

    `labels` (N,) are `normal` or what is there, `counts` the clips of each video.
    """

    pictures: tuple[NDArray[np.uint8], ...]
    labels: tuple[str, ...]
    counts: tuple[int, ...]


def store_clips(
    videos: Sequence[VideoRecord], folder: Path, *, name: str, making: Making, reporter: Reporter
) -> ClipStore:
    """Make the labelled clips of all `videos`, in .npy files whose names begin with `name`.

    Clips of fewer than 2 frames are left out; that and what has fewer frames than pictures is told.
    """
    arrays = [
        GrowingArray(folder / f"{name}-{number}.npy", making.shape)
        for number, _modality in enumerate(making.modalities)
    ]
    odd = _OddClips()
    labels: list[str] = []
    counts = []
    with ExitStack() as stack:
        for array in arrays:
            stack.enter_context(array)
        for done, video in enumerate(videos):
            reporter.progress(stage="read clips", done=done, total=len(videos), unit="videos")
            before = len(labels)
            for clip, pictures in _clips_of(video, making, odd):
                labels.append(clip.label)
                for array, modality in zip(arrays, making.modalities, strict=True):
                    array.append(modality.of(pictures))
            counts.append(len(labels) - before)
    odd.report(reporter, making.sampling)
    pictures_of = tuple(array.mapped() for array in arrays)
    return ClipStore(pictures=pictures_of, labels=tuple(labels), counts=tuple(counts))


@dataclass
class _OddClips:
    """Names of videos, each as often as such a clip is in it."""

    left_out: list[str] = field(default_factory=list)
    short: list[str] = field(default_factory=list)

    def report(self, reporter: Reporter, sampling: Sampling) -> None:
        if self.left_out:
            text = f"{_clips(self.left_out)} of a single frame left out: nothing moves there"
            reporter.send("finding", level="warning", subject="clips", text=text)
        if self.short:
            at = f" at {sampling.rate:g} per second" if sampling.rate else ""
            text = (
                f"{_clips(self.short)} of fewer frames{at} than the {sampling.length} that are "
                "taken of each: some come several times"
            )
            reporter.send("finding", level="info", subject="clips", text=text)


def _clips(names: Sequence[str]) -> str:
    """`3 clips (a, b and 1 more)`."""
    return f"{counted(len(names), 'clip')} ({shortened(list(dict.fromkeys(names)))})"


def _clips_of(
    video: VideoRecord, making: Making, odd: _OddClips
) -> Iterator[tuple[Clip, Pictures]]:
    clock = read_clock(video)
    found = labelled_clips(video, clock, making.longest)
    clips = [clip for clip in found if clip.n_frames >= FEWEST]
    odd.left_out += [video.name] * (len(found) - len(clips))
    wanted = [
        Wanted(
            moments=moments(clock, clip.start_frame, clip.end_frame, making.sampling), box=clip.box
        )
        for clip in clips
    ]
    for each in wanted:
        if each.moments.n_frames < making.sampling.length:
            odd.short.append(video.name)
    if wanted:
        yield from zip(clips, read_clips(video, wanted, making.picturing), strict=True)

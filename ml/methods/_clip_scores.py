"""Scores of frames from scores of clips: of a whole video, or of windows that slide over it.

B clips, L pictures of a clip, S side of a picture, N frames of a video.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock
from ml.data.clips.cutting import Clip, windows
from ml.data.clips.reading import Pictures, Wanted, read_clips
from ml.data.clips.sampling import moments
from ml.data.clips.store import FEWEST, Making
from ml.data.video.clocks import read_clock
from ml.records import Scores, VideoRecord

__all__ = ["Pictures", "ScoreClips", "scores_of_clips"]

ScoreClips = Callable[[Sequence[Pictures]], NDArray[np.float64]]
AT_ONCE = 4  # clips: their first maps are the largest part of the memory
NOBODY = 0.0  # the score of a frame that no region is in


def scores_of_clips(
    video: VideoRecord, making: Making, *, seconds: float, stride: float, score: ScoreClips
) -> Scores:
    """`score` gives (B,) scores of clips as they are read. None for a video of a single frame."""
    clock = read_clock(video)
    stretches = [each for each in _stretches(video, clock) if each.n_frames >= FEWEST]
    parts = [_windows_in(each, clock, seconds, stride) for each in stretches]
    found = _scored(video, clock, parts, making, score)
    if video.regions:
        return Scores(values=_highest(stretches, parts, found, clock.n_frames))
    if not parts:
        return Scores(values=np.empty(0, np.float32))
    [values] = found
    if len(values) == 1:
        return Scores(values=values.astype(np.float32), frames_per_value=clock.n_frames)
    return Scores(values=_of_frames(stretches[0], parts[0], values))


def _stretches(video: VideoRecord, clock: Clock) -> list[Clip]:
    if not video.regions:
        return [Clip(start_frame=0, end_frame=clock.n_frames)]
    return [
        Clip(start_frame=each.start_frame, end_frame=each.end_frame, box=each.box)
        for each in video.regions
    ]


def _windows_in(stretch: Clip, clock: Clock, seconds: float, stride: float) -> list[Clip]:
    found = windows(clock, stretch.start_frame, stretch.end_frame, seconds, stride)
    return [replace(clip, box=stretch.box) for clip in found]


def _scored(
    video: VideoRecord,
    clock: Clock,
    parts: Sequence[Sequence[Clip]],
    making: Making,
    score: ScoreClips,
) -> list[NDArray[np.float64]]:
    """The scores of the windows of each stretch; the video is decoded once for all of them."""
    found = [np.empty(len(clips)) for clips in parts]
    places = [(n, place) for n, clips in enumerate(parts) for place in range(len(clips))]
    places.sort(key=lambda at: (parts[at[0]][at[1]].start_frame, at))
    wanted = [
        Wanted(
            moments=moments(clock, clip.start_frame, clip.end_frame, making.sampling), box=clip.box
        )
        for clip in (parts[n][place] for n, place in places)
    ]
    clips = read_clips(video, wanted, making.picturing) if wanted else iter(())
    order = iter(places)
    for batch in _batches(clips):
        for value, (n, place) in zip(score(batch), order, strict=False):
            found[n][place] = value
    return found


def _batches(clips: Iterator[Pictures]) -> Iterator[list[Pictures]]:
    held: list[Pictures] = []
    for clip in clips:
        held.append(clip)
        if len(held) == AT_ONCE:
            yield held
            held = []
    if held:
        yield held


def _of_frames(
    stretch: Clip, clips: Sequence[Clip], values: NDArray[np.float64]
) -> NDArray[np.float32]:
    """(frames of the stretch,): the mean over the windows that hold a frame."""
    sums, votes = np.zeros(stretch.n_frames), np.zeros(stretch.n_frames)
    for clip, value in zip(clips, values.tolist(), strict=True):
        inside = slice(clip.start_frame - stretch.start_frame, clip.end_frame - stretch.start_frame)
        sums[inside] += value
        votes[inside] += 1
    return (sums / votes).astype(np.float32)


def _highest(
    stretches: Sequence[Clip],
    parts: Sequence[Sequence[Clip]],
    found: Sequence[NDArray[np.float64]],
    n_frames: int,
) -> NDArray[np.float32]:
    """(N,): of the regions that a frame is in."""
    frames = np.full(n_frames, NOBODY, np.float32)
    for stretch, clips, values in zip(stretches, parts, found, strict=True):
        inside = slice(stretch.start_frame, stretch.end_frame)
        frames[inside] = np.maximum(frames[inside], _of_frames(stretch, clips, values))
    return frames

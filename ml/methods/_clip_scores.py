"""Scores of frames from scores of clips: of a whole video, or of windows that slide over it.

B clips, L pictures of a clip, S side of a picture, N frames of a video.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.clock import Clock
from ml.data.clips.cutting import Clip
from ml.data.clips.reading import Pictures
from ml.data.clips.sliding import read_in_batches, stretches_of, wanted_of, windows_in
from ml.data.clips.store import Making
from ml.data.video.clocks import read_clock
from ml.records import Scores, VideoRecord

__all__ = ["Pictures", "ScoreClips", "scores_of_clips"]

ScoreClips = Callable[[Sequence[Pictures]], NDArray[np.float64]]
NOBODY = 0.0  # the score of a frame that no region is in


def scores_of_clips(
    video: VideoRecord, making: Making, *, seconds: float, stride: float, score: ScoreClips
) -> Scores:
    """`score` gives (B,) scores of clips as they are read. None for a video of a single frame."""
    clock = read_clock(video)
    stretches = stretches_of(video, clock)
    parts = [windows_in(each, clock, seconds, stride) for each in stretches]
    found = _scored(video, clock, parts, making, score)
    if video.regions:
        return Scores(values=_highest(stretches, parts, found, clock.n_frames))
    if not parts:
        return Scores(values=np.empty(0, np.float32))
    [values] = found
    if len(values) == 1:
        return Scores(values=values.astype(np.float32), frames_per_value=clock.n_frames)
    return Scores(values=_of_frames(stretches[0], parts[0], values))


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
    wanted = [wanted_of(parts[n][place], clock, making) for n, place in places]
    order = iter(places)
    for batch in read_in_batches(video, wanted, making):
        for value, (n, place) in zip(score(batch), order, strict=False):
            found[n][place] = value
    return found


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

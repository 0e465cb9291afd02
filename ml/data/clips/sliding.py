"""Which clips of a video are scored: all of it, or windows that slide over it or over its regions.

B clips, L pictures of a clip, S side of a picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ml.clock import Clock
from ml.data.clips.cutting import Clip, windows
from ml.data.clips.reading import Pictures, Wanted, read_clips
from ml.data.clips.sampling import moments
from ml.data.clips.store import FEWEST, Making
from ml.records import VideoRecord

AT_ONCE = 4  # clips: their first maps are the largest part of the memory


def stretches_of(video: VideoRecord, clock: Clock) -> list[Clip]:
    """The video's regions, where it has some, else all of it; none of a single frame."""
    if video.regions:
        found = [
            Clip(start_frame=each.start_frame, end_frame=each.end_frame, box=each.box)
            for each in video.regions
        ]
    else:
        found = [Clip(start_frame=0, end_frame=clock.n_frames)]
    return [each for each in found if each.n_frames >= FEWEST]


def windows_in(stretch: Clip, clock: Clock, seconds: float, stride: float) -> list[Clip]:
    found = windows(clock, stretch.start_frame, stretch.end_frame, seconds, stride)
    return [replace(clip, box=stretch.box) for clip in found]


def wanted_of(clip: Clip, clock: Clock, making: Making) -> Wanted:
    """The moments of a clip that a network sees, in its box."""
    found = moments(clock, clip.start_frame, clip.end_frame, making.sampling)
    return Wanted(moments=found, box=clip.box)


def read_in_batches(
    video: VideoRecord, wanted: Sequence[Wanted], making: Making
) -> Iterator[list[Pictures]]:
    """(L, S, S, 3) of each, in their order, which should be that in which they begin."""
    held: list[Pictures] = []
    for clip in read_clips(video, wanted, making.picturing) if wanted else ():
        held.append(clip)
        if len(held) == AT_ONCE:
            yield held
            held = []
    if held:
        yield held

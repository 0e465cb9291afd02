"""When the frames of a video are shown, before any is decoded: the first at 0."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ml.clock import Clock
from ml.data.video.decode import named
from ml.data.video.images import DEFAULT_FPS, numbering_of
from ml.data.video.outline import Outline, outline
from ml.records import BadInput, VideoRecord


def read_clock(video: VideoRecord) -> Clock:
    """A file is read through once for it. Raise BadInput for what is no video or has no frames."""
    with named(video):
        seen = None if video.kind == "frames" else outline(Path(video.path))
        clock = clock_of(video, seen)
    if not clock.n_frames:
        raise BadInput(f"{video.name} has no frames")
    return clock


def clock_of(video: VideoRecord, seen: Outline | None) -> Clock:
    """By the frames' own times, or by their rate where those miss some; None `seen` of images.

    Images go by `video.fps`, else by the times in their names, else at 25 per second.
    """
    if seen is None:
        return _clock_of_images(video)
    n_frames = video.n_frames or seen.n_frames
    if len(seen.shown) == n_frames and n_frames:
        return Clock.of_times(seen.shown - seen.shown[0], seen.fps)
    return Clock.constant(n_frames, seen.fps)


def _clock_of_images(video: VideoRecord) -> Clock:
    numbering = numbering_of(Path(video.path))
    n_images = video.n_frames or len(numbering.names)
    if not video.fps and numbering.seconds and len(numbering.seconds) == n_images:
        return Clock.of_times(np.array(numbering.seconds) - numbering.seconds[0])
    return Clock.constant(n_images, video.fps or DEFAULT_FPS)

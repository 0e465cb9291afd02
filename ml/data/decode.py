"""Frames of a video file or a folder of images, each decoded once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from ml.data.containers import open_video
from ml.data.images import image_files
from ml.data.probe import video_stream
from ml.records import BadInput, VideoRecord

Frame = NDArray[np.uint8]
Timed = tuple[float | None, Frame]

# OpenCV's pool and FFmpeg's threads would fight for the same cores.
cv2.setNumThreads(1)


def decode(
    video: VideoRecord, *, size: tuple[int, int] | None = None, grey: bool = False
) -> Iterator[Frame]:
    """Yield every frame as (H, W) grey or (H, W, 3) RGB, upright, resized to `size` (H, W).

    Raise BadInput when a frame cannot be decoded, or when there are not `video.n_frames`.
    """
    for _seconds, frame in decode_timed(video, size=size, grey=grey):
        yield frame


def decode_timed(
    video: VideoRecord, *, size: tuple[int, int] | None = None, grey: bool = False
) -> Iterator[Timed]:
    """As `decode`, each frame with the seconds at which a player shows it.

    None where nothing says so: images, frames without a time.
    """
    n_decoded = 0
    for seconds, frame in _upright_frames(video, grey=grey):
        n_decoded += 1
        if video.n_frames and n_decoded > video.n_frames:
            raise BadInput(f"{name_of(video)} has more than the {video.n_frames} frames expected")
        yield seconds, frame if size is None else resize(frame, size)
    if video.n_frames and n_decoded < video.n_frames:
        raise BadInput(
            f"{name_of(video)} has {n_decoded} frames where {video.n_frames} are expected"
        )
    if not n_decoded:
        raise BadInput(f"{name_of(video)} has no frames")


def name_of(video: VideoRecord) -> str:
    """The end of its path: enough for a person to find it, without the server's folders."""
    return "/".join(Path(video.path).parts[-2:])


def resize(frame: Frame, size: tuple[int, int]) -> Frame:
    """To `size` (H, W): the mean of what falls into a pixel, so that noise is not aliased."""
    height, width = size
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _upright_frames(video: VideoRecord, *, grey: bool) -> Iterator[Timed]:
    turns = video.rotation // 90
    frames = _image_frames if video.kind == "frames" else _file_frames
    for seconds, frame in frames(video, grey=grey):
        yield seconds, np.rot90(frame, turns) if turns else frame


def _file_frames(video: VideoRecord, *, grey: bool) -> Iterator[Timed]:
    reformatter = VideoReformatter()
    try:
        with open_video(Path(video.path)) as container:
            stream = video_stream(container)
            stream.codec_context.thread_count = 0  # as many as there are cores
            start = (container.start_time or 0) / av.time_base  # players begin there
            for frame in container.decode(stream):
                picture = reformatter.reformat(frame, format="gray" if grey else "rgb24")
                seconds = None if frame.pts is None else frame.time - start
                yield seconds, np.asarray(picture.to_ndarray(), np.uint8)
    except av.MemoryError:
        raise
    except av.FFmpegError as error:
        raise BadInput(f"{name_of(video)} cannot be decoded: {error.strerror}") from error
    except BadInput as error:
        raise BadInput(f"{name_of(video)}: {error}") from error


def _image_frames(video: VideoRecord, *, grey: bool) -> Iterator[Timed]:
    for path in _existing_images(video):
        picture: Any = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE if grey else cv2.IMREAD_COLOR)
        if picture is None:
            raise BadInput(f"{name_of(video)}/{path.name} cannot be decoded as an image")
        yield None, picture if grey else cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def _existing_images(video: VideoRecord) -> list[Path]:
    try:
        return image_files(Path(video.path))
    except OSError as error:
        raise BadInput(f"{name_of(video)} cannot be read: {error.strerror}") from error

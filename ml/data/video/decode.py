"""Frames of a video file or a folder of images, each decoded once and in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter
from numpy.typing import NDArray

from ml import threads
from ml.data.video.containers import open_video
from ml.data.video.images import image_files
from ml.data.video.outline import Outline, outline
from ml.data.video.pictures import NO_SCALE, read_picture
from ml.data.video.pixels import Scale
from ml.data.video.resizing import Resizing, resized
from ml.data.video.streams import bits_of, deep_values, is_grey, packets_of, video_stream
from ml.records import BadInput, VideoRecord

Frame = NDArray[np.uint8]
Timed = tuple[float | None, Frame]
Wanted = tuple[int, int] | Resizing | None


def decode(video: VideoRecord, *, size: Wanted = None, grey: bool = False) -> Iterator[Frame]:
    """Yield every frame as (H, W) grey or (H, W, 3) RGB, upright, resized to `size` (H, W).

    `size` may also be a rule that makes it of the frame's own.

    Raise BadInput when a frame cannot be decoded, or when there are not `video.n_frames`.
    """
    for _seconds, frame in _sized(video, _upright_frames(video, grey=grey), size):
        yield frame


def decode_timed(video: VideoRecord, *, size: Wanted = None, grey: bool = False) -> Iterator[Timed]:
    """As `decode`, each frame with the seconds at which a player shows it, as import stores them.

    None where nothing says so: images, frames without a time. A file is read through once before.
    """
    frames = _upright_frames(video, grey=grey, seen=_outline(video))
    yield from _sized(video, frames, size)


def _outline(video: VideoRecord) -> Outline | None:
    if video.kind == "frames":
        return None
    with named(video):
        return outline(Path(video.path))


def _sized(video: VideoRecord, frames: Iterable[Timed], size: Wanted) -> Iterator[Timed]:
    """Counted, too. Raise BadInput where there are not `video.n_frames`."""
    n_decoded = 0
    for seconds, frame in frames:
        n_decoded += 1
        if video.n_frames and n_decoded > video.n_frames:
            raise BadInput(f"{video.name} has more than the {video.n_frames} frames expected")
        yield seconds, _brought(frame, size)
    if video.n_frames and n_decoded < video.n_frames:
        raise BadInput(f"{video.name} has {n_decoded} frames where {video.n_frames} are expected")
    if not n_decoded:
        raise BadInput(f"{video.name} has no frames")


def _brought(frame: Frame, size: Wanted) -> Frame:
    if size is None:
        return frame
    return resize(frame, size) if isinstance(size, tuple) else resized(frame, size)


def resize(frame: Frame, size: tuple[int, int]) -> Frame:
    """To `size` (H, W): the mean of what falls into a pixel, so that noise is not aliased."""
    height, width = size
    return np.asarray(cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA), np.uint8)


def _upright_frames(
    video: VideoRecord, *, grey: bool, seen: Outline | None = None
) -> Iterator[Timed]:
    turns = video.rotation // 90
    is_folder = video.kind == "frames"
    frames = _image_frames(video, grey=grey) if is_folder else _file_frames(video, seen, grey=grey)
    for seconds, frame in frames:
        yield seconds, np.rot90(frame, turns) if turns else frame


def _file_frames(video: VideoRecord, seen: Outline | None, *, grey: bool) -> Iterator[Timed]:
    """Without times where the file was not `seen` before."""
    with named(video), open_video(Path(video.path)) as container:
        stream = video_stream(container)
        stream.codec_context.thread_count = threads.allowed()
        bring = _to_bytes(stream.codec_context.pix_fmt, _scale_of(video), grey=grey)
        packets = packets_of(container, stream)
        packets = seen.put_right(packets) if seen else packets
        frames = (frame for packet in packets for frame in packet.decode())
        for number, frame in enumerate(frames):
            yield seen.seconds_at(number, frame.pts) if seen else None, bring(frame)


@contextmanager
def named(video: VideoRecord) -> Iterator[None]:
    """What cannot be read is told with the name of the video."""
    try:
        yield
    except av.MemoryError:
        raise
    except (av.FFmpegError, OSError) as error:
        raise BadInput(f"{video.name} cannot be decoded: {error.strerror}") from error
    except BadInput as error:
        raise BadInput(f"{video.name}: {error}") from error


def _scale_of(video: VideoRecord) -> Scale | None:
    return Scale(video.pixel_low, video.pixel_high) if video.pixel_high else None


def _to_bytes(
    pixel_format: str | None, scale: Scale | None, *, grey: bool
) -> Callable[[av.VideoFrame], Frame]:
    """How a frame becomes bytes. Raise BadInput where deep grey has no scale."""
    reformatter, target = VideoReformatter(), "gray" if grey else "rgb24"
    if pixel_format is None or bits_of(pixel_format) <= 8 or not is_grey(pixel_format):
        # Of one frame: dividing it among threads takes longer than converting it.
        return lambda frame: _bytes_of(frame, reformatter.reformat(frame, format=target, threads=1))
    if scale is None:
        raise BadInput(f"{NO_SCALE} (it is {pixel_format})")
    scaled = scale
    return lambda frame: _in_colours(scaled(deep_values(frame)), grey=grey)


def _bytes_of(decoded: av.VideoFrame, frame: av.VideoFrame) -> Frame:
    """(H, W[, 3]) of a grey or RGB frame: what was made for it alone is not copied again.

    What is as it was `decoded` is, because the decoder may go on reading it.
    """
    if frame is decoded:
        return np.asarray(frame.to_ndarray(), np.uint8)
    plane, shape = frame.planes[0], (frame.height, frame.width)
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(frame.height, plane.line_size)
    if frame.format.name == "gray":
        return np.ascontiguousarray(rows[:, : frame.width])
    return np.ascontiguousarray(rows[:, : 3 * frame.width]).reshape(*shape, 3)


def _in_colours(picture: Frame, *, grey: bool) -> Frame:
    return picture if grey else np.repeat(picture[:, :, None], 3, axis=2)


def _image_frames(video: VideoRecord, *, grey: bool) -> Iterator[Timed]:
    scale = _scale_of(video)
    for path in _existing_images(video):
        try:
            yield None, read_picture(path, grey=grey, scale=scale)
        except BadInput as error:
            raise BadInput(
                f"{video.name}/{path.name} cannot be decoded as an image: {error}"
            ) from error


def _existing_images(video: VideoRecord) -> list[Path]:
    try:
        return image_files(Path(video.path))
    except OSError as error:
        raise BadInput(f"{video.name} cannot be read: {error.strerror}") from error

"""The video stream of a file: found, checked, and how its pictures are to be shown."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.format import VideoFormat
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from ml.data.video.containers import check_size, open_video
from ml.data.video.pixels import Values
from ml.records import BadInput

N_THREADS = int(os.environ.get("DECODER_THREADS", "2"))  # of one file that is imported
REFORMATTER = VideoReformatter()
MAX_ASPECT = 10  # a pixel that is longer than this is a fault of the header


def opened(path: Path) -> InputContainer:
    """Raise BadInput when its container cannot be read."""
    try:
        return open_video(path)
    except av.MemoryError:
        raise
    except av.FFmpegError as error:
        raise BadInput(
            f"the file is damaged or cut off: its container cannot be read ({error.strerror})"
        ) from error


def video_stream(container: InputContainer) -> VideoStream:
    """The first one that is no cover picture, its frame size checked."""
    pictures = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not pictures:
        kind = "only sound" if container.streams.audio else "no picture"
        raise BadInput(f"the file has no video in it, {kind}")
    stream = pictures[0]
    if stream.codec_context is None:
        raise BadInput("the codec of its video is not known")
    check_size(stream.codec_context.width, stream.codec_context.height)
    stream.thread_type, stream.codec_context.thread_count = "AUTO", N_THREADS
    return stream


def packets_of(container: InputContainer, *streams: Stream) -> Iterator[av.Packet]:
    """Of the `streams`, of all without any. Raise av.FFmpegError where the file cannot be read.

    At the end PyAV asks for streams that only appeared while it read, and finds none.
    """
    with suppress(IndexError):
        yield from container.demux(*streams)


def rotation_of(frame: av.VideoFrame) -> int:
    """Counter-clockwise degrees still to be applied. Raise BadInput for a slant."""
    quarters = round(frame.rotation / 90)
    if abs(frame.rotation - 90 * quarters) > 1:
        raise BadInput(f"the picture is turned by {frame.rotation}°, which is no multiple of 90°")
    return quarters * 90 % 360


def aspect_of(stream: VideoStream) -> Fraction:
    """Width of a pixel over its height, as the header says; 1 where it says nothing possible."""
    ratio = stream.sample_aspect_ratio
    if not ratio or ratio <= 0 or max(ratio, 1 / ratio) > MAX_ASPECT:
        return Fraction(1)
    return Fraction(ratio)


def shown_size(size: tuple[int, int], rotation: int, aspect: Fraction) -> tuple[int, int]:
    """Width and height as players show them: longer where pixels are, and never smaller."""
    width, height = size
    if aspect > 1:
        width = round(width * aspect)
    elif aspect < 1:
        height = round(height / aspect)
    return (height, width) if rotation % 180 else (width, height)


def deep_values(frame: av.VideoFrame) -> Values:
    """(H, W) grey, 0 to 65535 whatever the depth."""
    return np.asarray(
        REFORMATTER.reformat(frame, format="gray16le", threads=1).to_ndarray(), np.uint16
    )


def bits_of(pixel_format: str | None) -> int:
    """Bits of a pixel's component. Raise BadInput for pixels that are no whole numbers."""
    if pixel_format is None:
        return 8
    bits = max((part.bits for part in VideoFormat(pixel_format).components), default=8)
    if bits > 16:
        raise BadInput(f"its pixels are {pixel_format}; write 8 to 16 bits")
    return bits


def is_grey(pixel_format: str) -> bool:
    return len(VideoFormat(pixel_format).components) < 3

"""Small pictures of a video: its poster, and twelve frames in a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from PIL import Image

from ml.data.video.outline import outline
from ml.data.video.pixels import Histogram, common_scale
from ml.data.video.streams import (
    aspect_of,
    bits_of,
    deep_values,
    is_grey,
    opened,
    rotation_of,
    shown_size,
    video_stream,
)
from ml.records import BadInput
from ml.signatures import check_video_signature

N_CELLS = 12
CELL = (160, 120)  # width and height that a frame of the contact sheet fits into
POSTER = (480, 360)
SQUARE = Fraction(1)
Size = tuple[int, int]


def evenly(n_frames: int, count: int = N_CELLS) -> list[int]:
    """The middle frames of `count` equal parts; frames repeat where there are fewer."""
    return [(2 * part + 1) * n_frames // (2 * count) for part in range(count)]


def upright(
    frame: av.VideoFrame, size: tuple[int, int], *, rotation: int, pixels: str
) -> av.VideoFrame:
    """`frame` turned by `rotation` and scaled to `size` (width, height as shown)."""
    if not rotation:
        return frame.reformat(*size, format=pixels, threads=1)
    stored = size[::-1] if rotation % 180 else size
    picture = frame.reformat(*stored, format="rgb24", threads=1).to_ndarray()
    turned = np.ascontiguousarray(np.rot90(picture, k=rotation // 90), np.uint8)
    return av.VideoFrame.from_ndarray(turned, format="rgb24").reformat(format=pixels, threads=1)


def fit(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape inside `box`; never enlarged."""
    scale = min(1.0, box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def thumbnail(
    frame: av.VideoFrame, box: Size, *, rotation: int, aspect: Fraction = SQUARE
) -> Image.Image:
    size = fit(shown_size((frame.width, frame.height), rotation, aspect), box)
    return upright(frame, size, rotation=rotation, pixels="rgb24").to_image()


def save_poster(image: Image.Image, path: Path) -> None:
    image.save(path, "JPEG", quality=85, optimize=True)


def save_sheet(cells: Sequence[Image.Image], path: Path) -> None:
    """A row of equally large cells, as one JPEG."""
    width, height = cells[0].size
    sheet = Image.new("RGB", (width * len(cells), height))
    for column, cell in enumerate(cells):
        sheet.paste(cell.resize((width, height)), (column * width, 0))
    sheet.save(path, "JPEG", quality=80, optimize=True)


def quick_sheet(video: Path, path: Path) -> None:
    """A contact sheet in a fraction of the time that decoding the video takes.

    Shows the key frames nearest before twelve even points of time, so a cell can be early
    by up to one group of pictures; where a file has no such points, it is decoded. Raise
    BadInput when a frame cannot be read.
    """
    check_video_signature(video)
    with opened(video) as container:
        stream = video_stream(container)
        aspect = aspect_of(stream)
        try:
            frames = list(_key_frames(container, stream))
        except (av.FFmpegError, BadInput):  # it may be that nobody can go to a time in it
            frames = _even_frames(video)
    rotation, shown = rotation_of(frames[0]), _as_bytes(frames)
    save_sheet([thumbnail(each, CELL, rotation=rotation, aspect=aspect) for each in shown], path)


def _even_frames(video: Path) -> list[av.VideoFrame]:
    """Twelve of all frames. Raise BadInput when one of these cannot be decoded."""
    wanted = evenly(outline(video).n_frames)
    kept: dict[int, av.VideoFrame] = {}
    try:
        with opened(video) as container:
            for index, frame in enumerate(container.decode(video_stream(container))):
                if index in wanted:
                    kept[index] = frame
    except av.FFmpegError as error:
        raise BadInput(f"a frame of the video is damaged ({error.strerror})") from error
    if not kept:
        raise BadInput("the video has no frames that can be read")
    return [kept[index] for index in wanted if index in kept]


def _as_bytes(frames: Sequence[av.VideoFrame]) -> list[av.VideoFrame]:
    """Deep grey by the range of these frames, all else as it is."""
    pixels = frames[0].format.name
    if bits_of(pixels) <= 8 or not is_grey(pixels):
        return list(frames)
    found, values = Histogram(), [deep_values(frame) for frame in frames]
    for each in values:
        found.add(each)
    scale = common_scale([found.range()])
    return [av.VideoFrame.from_ndarray(scale(each), format="gray") for each in values]


def _key_frames(container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
    stream.thread_type = "SLICE"  # frame threads would ask for more packets than the one
    start = container.start_time or 0
    for microseconds in evenly(container.duration or 0):
        container.seek(start + microseconds, backward=True)
        yield _first_frame(container, stream)


def _first_frame(container: InputContainer, stream: VideoStream) -> av.VideoFrame:
    try:
        for packet in container.demux(stream):
            frames = [*stream.codec_context.decode(packet), *stream.codec_context.decode(None)]
            stream.codec_context.flush_buffers()
            if frames:
                return frames[0]
    except av.FFmpegError as error:
        raise BadInput(f"a frame of the video is damaged ({error.strerror})") from error
    raise BadInput("the video has a part without readable frames")

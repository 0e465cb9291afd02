"""Small videos made on the spot: a bright square that moves over a textured floor.

An abnormal frame shows, besides the square, a large flickering block of noise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from ml.records import Interval, Manifest, Part, VideoRecord

Frame = NDArray[np.uint8]


def toy_frame(position: int, *, width: int = 64, height: int = 48, abnormal: bool = False) -> Frame:
    """(height, width, 3) RGB: the square is `position` pixels from the left, wrapped around."""
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    frame = (60 + 20 * ((columns // 8 + rows // 8) % 2)).astype(np.uint8)
    left = position % (width - 10)
    frame[height // 2 : height // 2 + 10, left : left + 10] = 220
    if abnormal:
        noise = np.random.default_rng(position).integers(0, 256, (height // 3, width // 2))
        frame[2 : 2 + height // 3, width // 4 : width // 4 + width // 2] = noise
    return np.repeat(frame[:, :, None], 3, axis=2)


def toy_frames(
    n_frames: int, *, start: int = 0, abnormal: Iterable[int] = (), **size: int
) -> list[Frame]:
    marked = set(abnormal)
    return [toy_frame(start + i, abnormal=i in marked, **size) for i in range(n_frames)]


def moving_square_video(
    path: Path,
    n_frames: int,
    *,
    start: int = 0,
    abnormal: Iterable[int] = (),
    pts_milliseconds: Sequence[int] | None = None,
    rotation: int = 0,
    codec: str = "libx264",
    **size: int,
) -> Path:
    """Write the video; `rotation` (counter-clockwise degrees) is only noted in the file."""
    frames = toy_frames(n_frames, start=start, abnormal=abnormal, **size)
    return write_video(
        path, frames, pts_milliseconds=pts_milliseconds, rotation=rotation, codec=codec
    )


def write_video(
    path: Path,
    frames: Sequence[Frame],
    *,
    pts_milliseconds: Sequence[int] | None = None,
    rotation: int = 0,
    codec: str = "libx264",
) -> Path:
    """Encode (H, W, 3) RGB frames, at 10 frames per second unless each has its own time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = pts_milliseconds or [i * 100 for i in range(len(frames))]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=10)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            stream.set_display_rotation(rotation)
        for time, pixels in zip(times, frames, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_images(folder: Path, frames: Sequence[Frame], *, suffix: str = ".png") -> Path:
    """Images 1, 2, …, 10, …: sorted as text they would be in the wrong order."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(frames, start=1):
        cv2.imwrite(str(folder / f"{number}{suffix}"), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
    return folder


def toy_manifest(folder: Path, *, validation: bool = False) -> Manifest:
    """3 normal training videos and 2 test videos that are abnormal in between, 40 frames each."""
    parts: list[Part] = ["train", "train", "train", "test", "test"]
    if validation:
        parts.append("validation")
    return Manifest(
        videos=tuple(_toy_record(folder, number, part) for number, part in enumerate(parts))
    )


def _toy_record(folder: Path, number: int, part: Part) -> VideoRecord:
    abnormal = range(14 + number, 26 + number) if part == "test" else range(0)
    path = moving_square_video(folder / f"{number}.mp4", 40, start=2 * number, abnormal=abnormal)
    intervals = tuple(
        [Interval(start_frame=abnormal.start, end_frame=abnormal.stop)] if abnormal else []
    )
    return VideoRecord(
        id=f"vid_{number}", path=str(path), n_frames=40, part=part, intervals=intervals
    )


def as_json(videos: Iterable[VideoRecord]) -> list[dict[str, Any]]:
    return [asdict(video) for video in videos]

"""Small videos made on the spot: a bright square that moves over a textured floor.

An abnormal frame shows, besides the square, a large flickering block of noise. Features of such
videos are noise, too, and longer where something is abnormal.
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

from ml.methods import Method, Reads
from ml.records import FeatureRecord, Interval, Manifest, Part, VideoRecord
from ml.supervision import POLICIES

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


def manifest_for(method: type[Method], folder: Path) -> Manifest:
    """What a method of any family can learn from and is to tell apart, with validation videos."""
    policy = POLICIES[method.supervision]
    if method.reads == Reads.FEATURES:
        return toy_features(folder, abnormal=policy.takes_abnormal)
    return toy_manifest(folder, validation=True, abnormal=policy.takes_abnormal)


def short_videos(method: type[Method], folder: Path) -> list[VideoRecord]:
    """The shortest that there are, of what the method reads."""
    if method.reads == Reads.FEATURES:
        return [_toy_features(folder, 0, "test", n_rows=1, has_event=False)]
    paths = [moving_square_video(folder / f"{n}.mp4", n) for n in (1, 2, 3)]
    return [
        VideoRecord(id="vid_short", path=str(path), n_frames=n)
        for n, path in enumerate(paths, start=1)
    ]


def toy_manifest(folder: Path, *, validation: bool = False, abnormal: bool = False) -> Manifest:
    """3 normal training videos and 2 test videos that are abnormal in between, 40 frames each.

    `abnormal`: as many abnormal ones to train and to validate, too.
    """
    parts: list[Part] = ["train", "train", "train", "test", "test"]
    if validation:
        parts.append("validation")
    videos = [_toy_record(folder, n, part, part == "test") for n, part in enumerate(parts)]
    more = [part for part in parts if part != "test"] if abnormal else []
    videos += [_toy_record(folder, n, part, True) for n, part in enumerate(more, len(parts))]
    return Manifest(videos=tuple(videos))


def _toy_record(folder: Path, number: int, part: Part, has_event: bool) -> VideoRecord:
    abnormal = range(14 + number, 26 + number) if has_event else range(0)
    path = moving_square_video(folder / f"{number}.mp4", 40, start=2 * number, abnormal=abnormal)
    return VideoRecord(
        id=f"vid_{number}",
        path=str(path),
        n_frames=40,
        part=part,
        intervals=_as_intervals(abnormal),
    )


def toy_features(folder: Path, *, abnormal: bool = False) -> Manifest:
    """Of 4 normal training videos, 2 abnormal test videos, and a normal one to validate.

    `abnormal`: as many abnormal ones to train and to validate, too.
    """
    parts: list[Part] = ["train", "train", "train", "train", "validation"]
    kinds: list[tuple[Part, bool]] = [(part, False) for part in parts]
    kinds += [("test", True), ("test", True)]
    kinds += [(part, True) for part in parts] if abnormal else []
    return Manifest(
        videos=tuple(
            _toy_features(folder, n, part, n_rows=6 + n, has_event=has_event)
            for n, (part, has_event) in enumerate(kinds)
        )
    )


def _toy_features(
    folder: Path, number: int, part: Part, *, n_rows: int, has_event: bool
) -> VideoRecord:
    """Rows of 2 crops × 8 numbers for 4 frames each; an event is the rows 2 and 3."""
    rows = np.random.default_rng(number).normal(0, 0.3, (n_rows, 2, 8)).astype(np.float32)
    abnormal = range(8, 16) if has_event else range(0)
    rows[[frame // 4 for frame in abnormal], :, :4] += 2
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{number}.npy"
    np.save(path, rows)
    return VideoRecord(
        id=f"vid_{number}", path=f"{number}.mp4", n_frames=4 * n_rows, part=part,
        intervals=_as_intervals(abnormal), label="Fighting" if has_event else "normal",
        features=FeatureRecord(path=str(path), frames_per_row=4),
    )  # fmt: skip


def _as_intervals(abnormal: range) -> tuple[Interval, ...]:
    return (Interval(start_frame=abnormal.start, end_frame=abnormal.stop),) if abnormal else ()


def as_json(videos: Iterable[VideoRecord]) -> list[dict[str, Any]]:
    return [asdict(video) for video in videos]

"""What a video really holds: every frame decoded once, counted and timed.

Headers are read only to compare them with what was found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ml.data.containers import MAX_PIXELS, open_video
from ml.data.signatures import check_video_signature
from ml.records import BadInput

N_THREADS = 2  # per file: two files are read at a time
Pts = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What is known before anything is decoded; `n_frames` may be off by a few."""

    n_frames: int
    fps: float
    seconds_missing: float = 0.0  # of the length that the header promises


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A readable video. `pts` (n_frames,) in seconds, increasing; sizes as shown.

    `rotation` in degrees counter-clockwise, a multiple of 90.
    """

    pts: Pts
    nominal_fps: float  # stands in for the mean rate where a single frame has none
    width: int
    height: int
    rotation: int
    codec: str
    has_audio: bool
    sha256: str
    n_bytes: int
    warnings: tuple[str, ...] = ()

    @property
    def fps(self) -> float:
        """Mean rate (n - 1) / (last - first)."""
        span = float(self.pts[-1] - self.pts[0])
        return (len(self.pts) - 1) / span if span > 0 else self.nominal_fps

    @property
    def duration_seconds(self) -> float:
        return len(self.pts) / self.fps

    @property
    def is_variable_rate(self) -> bool:
        """Whether a gap differs from the mean by 10 %, and by more than rounding to 1 ms can."""
        gaps = np.diff(self.pts)
        return bool(np.any(np.abs(gaps - 1 / self.fps) > max(0.1 / self.fps, 0.002)))


OnFrame = Callable[[av.VideoFrame], None]


def outline(path: Path) -> Outline:
    """Read all packets without decoding any. Raise BadInput for what is not a safe video."""
    check_video_signature(path)
    with opened(path) as container:
        stream = video_stream(container)
        times, end = [], 0.0
        for packet in _packets(container):
            if packet.pts is not None:
                end = max(end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
            if packet.stream is stream and not packet.is_discard:
                times.append(packet.dts)
        promised = ((container.duration or 0) + (container.start_time or 0)) / av.time_base
        fps = _mean_rate(times, stream)
    return Outline(n_frames=len(times), fps=fps, seconds_missing=promised - end)


def probe(path: Path, seen: Outline, *, on_frame: OnFrame) -> Facts:
    """Decode each frame once and hand it on. Raise BadInput when one cannot be read."""
    with opened(path) as container:
        stream = video_stream(container)
        decoded = _Decoded()
        for frame in decoded.frames(container, stream):
            on_frame(frame)
        codec, has_audio = stream.codec_context.name, bool(container.streams.audio)
    decoded.check(seen)
    turned = decoded.rotation % 180 == 90
    pts, warnings = _timeline(decoded.times, seen.fps)
    return Facts(
        pts=pts,
        nominal_fps=seen.fps,
        width=decoded.height if turned else decoded.width,
        height=decoded.width if turned else decoded.height,
        rotation=decoded.rotation,
        codec=codec,
        has_audio=has_audio,
        sha256=sha256_of(path),
        n_bytes=path.stat().st_size,
        warnings=(*warnings, *decoded.warnings()),
    )


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise BadInput(
            f"frames of {width}×{height} are larger than the {MAX_PIXELS / 1e6:.0f} million "
            "pixels allowed"
        )


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
    check_size(stream.codec_context.width, stream.codec_context.height)
    stream.thread_type, stream.codec_context.thread_count = "AUTO", N_THREADS
    return stream


def rotation_of(frame: av.VideoFrame) -> int:
    """Counter-clockwise degrees still to be applied. Raise BadInput for a slant."""
    quarters = round(frame.rotation / 90)
    if abs(frame.rotation - 90 * quarters) > 1:
        raise BadInput(f"the picture is turned by {frame.rotation}°, which is no multiple of 90°")
    return quarters * 90 % 360


def _packets(container: InputContainer) -> Iterator[av.Packet]:
    try:
        yield from (packet for packet in container.demux() if packet.size)
    except av.MemoryError:
        raise
    except av.FFmpegError:
        return  # the missing seconds tell how much


def _mean_rate(dts: list[int | None], stream: VideoStream) -> float:
    """Over decoding times: unlike those of presentation they are in order in any container."""
    known = [time for time in dts if time is not None]
    span = (max(known) - min(known)) * (stream.time_base or 0) if known else 0
    if span > 0 and len(known) == len(dts):
        return float((len(known) - 1) / span)
    return float(stream.average_rate or stream.guessed_rate or 25)


class _Decoded:
    """What decoding has met so far."""

    def __init__(self) -> None:
        self.times: list[float | None] = []
        self.width = self.height = self.rotation = 0
        self.n_packets = self.n_bad_packets = self.n_damaged_frames = 0
        self.ends_early = False  # in the middle of a packet

    def frames(self, container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
        for packet in container.demux(stream):
            if packet.size:
                self.n_packets += 1
                self.ends_early = packet.is_corrupt
            for frame in self._decode(packet):
                if not self.times:
                    self.width, self.height = frame.width, frame.height
                    self.rotation = rotation_of(frame)
                self.times.append(None if frame.pts is None else frame.time)
                self.n_damaged_frames += frame.is_corrupt
                yield frame

    def _decode(self, packet: av.Packet) -> list[av.VideoFrame]:
        try:
            return [frame for frame in packet.decode() if isinstance(frame, av.VideoFrame)]
        except av.MemoryError:
            raise
        except av.FFmpegError:
            self.n_bad_packets += 1
            return []

    def check(self, seen: Outline) -> None:
        """Raise BadInput when frames are missing."""
        n_frames = len(self.times)
        slack = 0.5 + 2 / seen.fps  # headers round, and count the sound's last block in full
        if self.ends_early or seen.seconds_missing > slack:
            early = f", {seen.seconds_missing:.1f} s early" if seen.seconds_missing > 0 else ""
            raise BadInput(f"the file is cut off: it ends after {n_frames} readable frames{early}")
        if self.n_bad_packets:
            raise BadInput(
                f"the file is damaged: {self.n_bad_packets} of its {self.n_packets} packets cannot "
                f"be decoded, {n_frames} frames are readable"
            )
        if not n_frames:
            raise BadInput("the video has no frames")

    def warnings(self) -> list[str]:
        if not self.n_damaged_frames:
            return []
        return [f"{self.n_damaged_frames} frames are damaged; the decoder patched them"]


def _timeline(times: list[float | None], fps: float) -> tuple[Pts, list[str]]:
    """Times as stored, or a constant rate where the file's are missing or out of order."""
    pts = np.array([np.nan if time is None else time for time in times], np.float64)
    if np.all(np.diff(pts) > 0) and np.isfinite(pts).all():
        return pts, []
    start = float(np.nanmin(pts)) if np.isfinite(pts).any() else 0.0
    return start + np.arange(len(pts)) / fps, [
        f"time stamps are missing or out of order; frames were placed at {fps:g} per second"
    ]

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
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ml.clock import Clock
from ml.data.video.outline import Outline, outline, seconds_of
from ml.data.video.pixels import FEW_LEVELS, Histogram, Range
from ml.data.video.streams import (
    deep_values,
    opened,
    packets_of,
    rotation_of,
    shown_size,
    video_stream,
)
from ml.data.video.timeline import frame_times, is_variable_rate, pauses, usual_fps
from ml.findings import counted, shortened
from ml.records import BadInput

__all__ = ["Facts", "OnFrame", "Outline", "measure", "outline", "probe", "sha256_of"]

Pts = NDArray[np.float64]
OnFrame = Callable[[av.VideoFrame], None]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A readable video. `pts` (n_frames,) in seconds of a player's clock, increasing.

    Sizes are as shown, `rotation` in degrees counter-clockwise, a multiple of 90. `fault` is why
    the frames cannot be told by their numbers, empty where they can.
    """

    pts: Pts
    nominal_fps: float  # stands in for the rate where a single frame has none
    width: int
    height: int
    rotation: int
    codec: str
    has_audio: bool
    sha256: str
    n_bytes: int
    fault: str = ""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def fps(self) -> float:
        """The usual rate, only ever shown: pauses do not count where frames are mostly even."""
        return usual_fps(self.pts) or self.nominal_fps

    @property
    def duration_seconds(self) -> float:
        """How long frames are shown, pauses included."""
        return Clock.of_times(self.pts, self.nominal_fps).seconds

    @property
    def is_variable_rate(self) -> bool:
        return is_variable_rate(self.pts)


def probe(path: Path, seen: Outline, *, on_frame: OnFrame) -> Facts:
    """Decode each frame once and hand it on. Raise BadInput when one cannot be read."""
    with opened(path) as container:
        stream = video_stream(container)
        decoded = _Decoded(seen)
        for frame in decoded.frames(container, stream):
            on_frame(frame)
        codec, has_audio = stream.codec_context.name, bool(container.streams.audio)
    decoded.check()
    pts, warnings = decoded.timeline()
    width, height = shown_size((decoded.width, decoded.height), decoded.rotation, seen.aspect)
    return Facts(
        pts=pts,
        nominal_fps=seen.fps,
        width=width,
        height=height,
        rotation=decoded.rotation,
        codec=codec,
        has_audio=has_audio,
        sha256=sha256_of(path),
        n_bytes=path.stat().st_size,
        warnings=(*warnings, *seen.warnings, *decoded.warnings()),
        notes=(*decoded.notes(), *_sentences_of_pauses(pts)),
    )


def _sentences_of_pauses(pts: Pts) -> Iterator[str]:
    found = pauses(pts)
    if found:
        start, length = max(found, key=lambda pause: pause[1])
        yield (
            f"{counted(len(found), 'pause')} without a picture, as where a recorder waits for "
            f"motion: the longest is {length:.1f} s, after {start:.2f} s; times keep them"
        )


def measure(path: Path) -> Range | None:
    """The values that a deep video's pixels have; None where none can be read."""
    found = Histogram()
    with opened(path) as container:
        stream = video_stream(container)
        for packet in packets_of(container, stream):
            for frame in decoded_frames(packet) or ():
                found.add(deep_values(frame))
    return found.range() if found.n_values else None


def decoded_frames(packet: av.Packet) -> list[av.VideoFrame] | None:
    """None where the packet cannot be decoded."""
    try:
        return [frame for frame in packet.decode() if isinstance(frame, av.VideoFrame)]
    except av.MemoryError:
        raise
    except av.FFmpegError:
        return None


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _Decoded:
    """What decoding has met so far."""

    def __init__(self, seen: Outline) -> None:
        self._seen = seen
        self._ticks: list[int | None] = []
        self.width = self.height = self.rotation = 0
        self._other_sizes: list[str] = []
        self._levels = Histogram() if seen.depth > 8 and not seen.is_grey else None
        self.n_packets = self.n_bad_packets = self.n_damaged_frames = 0
        self.ends_early = False  # in the middle of a packet
        self._breaks_off = False

    def frames(self, container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
        for packet in self._packets(container, stream):
            if packet.size:
                self.n_packets += 1
                self.ends_early = packet.is_corrupt
            frames = decoded_frames(packet)
            self.n_bad_packets += frames is None
            for frame in frames or ():
                self._note(frame)
                yield frame

    def _packets(self, container: InputContainer, stream: VideoStream) -> Iterator[av.Packet]:
        try:
            yield from self._seen.put_right(packets_of(container, stream))
        except av.MemoryError:
            raise
        except av.FFmpegError:
            self._breaks_off = True

    def _note(self, frame: av.VideoFrame) -> None:
        size = (frame.width, frame.height)
        if not self._ticks:
            (self.width, self.height), self.rotation = size, rotation_of(frame)
            self._last_size = size
        if size != self._last_size:
            self._last_size = size
            self._other_sizes.append(f"{size[0]}×{size[1]} from frame {len(self._ticks)} on")
        if self._levels is not None:
            self._levels.add(deep_values(frame))
        self._ticks.append(frame.pts)
        self.n_damaged_frames += frame.is_corrupt

    def timeline(self) -> tuple[Pts, tuple[str, ...]]:
        """(n_frames,) seconds on a player's clock, and warnings of what was put right."""
        if self._seen.is_bare:
            return np.arange(len(self._ticks)) / self._seen.fps, ()
        is_known = np.array([tick is not None for tick in self._ticks], bool)
        ticks = np.array([tick or 0 for tick in self._ticks], np.int64)
        seconds = seconds_of(ticks, self._seen.tick, self._seen.zero)
        decoded = np.where(is_known, seconds, np.nan)
        return frame_times(decoded, self._seen.fps, places=self._seen.places)

    def check(self) -> None:
        """Raise BadInput when frames are missing."""
        n_frames, missing = len(self._ticks), self._seen.seconds_missing
        if self.ends_early or missing:
            early = f", {missing:.1f} s early" if missing > 0 else ""
            raise BadInput(f"the file is cut off: it ends after {n_frames} readable frames{early}")
        if self._breaks_off:
            raise BadInput(f"the file is damaged: nothing is readable after {n_frames} frames")
        if self.n_bad_packets:
            raise BadInput(
                f"the file is damaged: {self.n_bad_packets} of its {self.n_packets} packets cannot "
                f"be decoded, {n_frames} frames are readable"
            )
        if not n_frames:
            raise BadInput("the video has no frames")

    def warnings(self) -> Iterator[str]:
        if self._seen.dropped and len(self._ticks) <= self.n_packets:
            yield self._seen.dropped
        if self.n_damaged_frames:
            yield f"{self.n_damaged_frames} frames are damaged; the decoder patched them"
        if self._other_sizes:
            yield (
                f"frames change their size, from {self.width}×{self.height} to "
                f"{shortened(self._other_sizes)}; all are shown and scaled as the first"
            )
        if self._levels is not None and (n_levels := self._levels.range().n_levels) < FEW_LEVELS:
            yield (
                f"its pixels have {self._seen.depth} bits, of which the highest 8 are used: "
                f"{n_levels} of 256 levels are left"
            )

    def notes(self) -> Iterator[str]:
        if self._levels is not None:
            yield f"its pixels have {self._seen.depth} bits, of which the highest 8 are used"

"""What the packets of a file say before any is decoded: how many, when, and if all are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from ml.data.video import structure
from ml.data.video.containers import STREAMS
from ml.data.video.streams import aspect_of, bits_of, is_grey, opened, packets_of, video_stream
from ml.data.video.timeline import usual_fps
from ml.data.video.timestamps import WRAPS, Unwrapped, unwrap
from ml.findings import counted
from ml.signatures import check_video_signature

DEFAULT_FPS = 25.0  # where nothing says how fast a video is
PRIMING = Fraction(1, 4)  # seconds of silence before zero that sound may begin with
MICROSECOND = Fraction(1, av.time_base)
Seconds = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What is known before anything is decoded; `n_frames` may be off by a few.

    `shifts` are to be added to the time stamps of each packet, `zero` is where the clock of a
    player begins, in ticks of `tick` seconds. `places` are the times, one set of them or another,
    that a container without times of presentation gives its pictures. `shown` are the seconds at
    which players show pictures, rising, as far as packets tell. `aspect` is a pixel's width over
    its height, `depth` its bits. `is_bare`: nothing says when frames are shown.
    """

    n_frames: int
    fps: float
    seconds_missing: float = 0.0  # of the length that the header promises
    shifts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    tick: Fraction = Fraction(1)
    zero: Fraction = Fraction(0)
    places: tuple[Seconds, ...] = ()
    shown: Seconds = field(default_factory=lambda: np.zeros(0))
    aspect: Fraction = Fraction(1)
    depth: int = 8
    is_grey: bool = False
    is_bare: bool = False
    dropped: str = ""  # a sentence, if no picture turns out to be hidden in another's place
    warnings: tuple[str, ...] = ()

    def put_right(self, packets: Iterable[av.Packet]) -> Iterator[av.Packet]:
        """All `packets` of the stream, in the order of the file, with the right stamps."""
        shifts = iter(self.shifts.tolist())
        for packet in packets:
            shift = next(shifts, 0) if packet.size else 0
            if shift and packet.pts is not None:
                packet.pts += shift
            if shift and packet.dts is not None:
                packet.dts += shift
            yield packet

    def seconds_at(self, number: int, tick: int | None) -> float | None:
        """When a player shows the frame that is decoded as this one, with this stamp.

        None where that cannot be told before all are decoded.
        """
        if self.is_bare:
            return number / self.fps
        if self.places:
            return float(self._placed[number]) if number < len(self._placed) else None
        return None if tick is None else float((tick - self.zero) * self.tick)

    @property
    def first_picture(self) -> float:
        """Seconds by the stamps of the container, on which all its streams agree."""
        first = float(self.shown[0]) if len(self.shown) else 0.0
        return first + float(self.zero * self.tick)

    @cached_property
    def _placed(self) -> Seconds:
        return np.sort(self.places[0])


def outline(path: Path) -> Outline:
    """Read all packets without decoding any. Raise BadInput for what is not a safe video."""
    check_video_signature(path)
    with opened(path) as container:
        stream = video_stream(container)
        packets = _Packets(container, stream)
        dropped = _Dropped(path, packets)
        missing, faults = _missing(path, packets, dropped)
        pixel_format = stream.codec_context.pix_fmt
        return Outline(
            n_frames=packets.n_shown,
            fps=packets.fps,
            seconds_missing=missing,
            shifts=packets.unwrapped.shifts,
            tick=packets.tick,
            zero=packets.zero,
            places=dropped.places,
            shown=packets.seconds_shown,
            aspect=aspect_of(stream),
            depth=bits_of(pixel_format),
            is_grey=pixel_format is not None and is_grey(pixel_format),
            is_bare=packets.is_bare,
            dropped=dropped.sentence,
            warnings=(*packets.warnings(path), *faults),
        )


def seconds_of(ticks: NDArray[np.int64], tick: Fraction, zero: Fraction) -> Seconds:
    """On the clock that begins at `zero` ticks."""
    if zero.denominator == 1:
        since = (ticks - int(zero)).astype(np.float64)
        return since * tick.numerator / tick.denominator
    return (ticks.astype(np.float64) - float(zero)) * float(tick)


class _Packets:
    """Those of the video stream that hold something, in the order of the file."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self.container, self.stream = container, stream
        self.tick = Fraction(stream.time_base or 1)
        self.end = 0.0  # of all streams, in seconds by their own stamps
        self.last_byte = 0
        self._dts: list[int | None] = []
        self._pts: list[int | None] = []
        self._is_shown: list[bool] = []
        for packet in _readable(container):
            self._add(packet)

    def _add(self, packet: av.Packet) -> None:
        self.last_byte = max(self.last_byte, (packet.pos or 0) + packet.size)
        if packet.pts is not None:
            end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
            self.end = max(self.end, end)
        if packet.stream is self.stream:
            self._dts.append(packet.dts)
            self._pts.append(packet.pts)
            self._is_shown.append(not packet.is_discard)

    @property
    def format(self) -> str:
        return self.container.format.name

    @property
    def is_avi(self) -> bool:
        return self.format == "avi"

    @property
    def is_bare(self) -> bool:
        """Whether it is a stream without a container."""
        return self.format in STREAMS

    @property
    def n_shown(self) -> int:
        return sum(self._is_shown)

    @cached_property
    def unwrapped(self) -> Unwrapped:
        if self.is_avi:  # which has places and no times of presentation
            return unwrap(self._dts, self._dts)
        return unwrap(self._dts, self._pts, wrap=WRAPS.get(self.format, 0))

    @cached_property
    def shown(self) -> NDArray[np.int64]:
        """Ticks at which frames are shown, in their order; those of none are left out."""
        is_kept = [
            is_shown and (dts is not None or pts is not None)
            for dts, pts, is_shown in zip(self._dts, self._pts, self._is_shown, strict=True)
        ]
        return np.unique(self.unwrapped.times[np.array(is_kept, bool)])

    @property
    def seconds_shown(self) -> Seconds:
        if self.is_bare:
            return np.arange(self.n_shown) / self.fps
        return seconds_of(self.shown, self.tick, self.zero)

    @cached_property
    def fps(self) -> float:
        rates = (self.stream.average_rate, self.stream.guessed_rate)
        of_header = float(next(filter(None, rates), 0.0))
        of_codec = float(self.stream.codec_context.framerate or 0.0)
        measured = usual_fps(seconds_of(self.shown, self.tick, Fraction(0)))
        if self.is_bare:
            return of_codec or of_header or DEFAULT_FPS
        return (of_header if self.is_avi else measured) or of_header or DEFAULT_FPS

    @cached_property
    def zero(self) -> Fraction:
        """In ticks: where the container begins, or its first picture where it does not say."""
        first = int(self.shown[0]) if len(self.shown) else 0
        start = self._start()
        if start is None:
            return Fraction(first)
        if -PRIMING < start < 0 <= first:
            return Fraction(0)
        return min(start / self.tick, Fraction(first))

    def _start(self) -> Fraction | None:
        """In seconds. FFmpeg rounds it to microseconds, so the stream that it is of is asked."""
        if self.container.start_time is None:
            return None
        rounded = self.container.start_time * MICROSECOND
        exact = (
            stream.start_time * Fraction(stream.time_base)
            for stream in self.container.streams
            if stream.start_time is not None and stream.time_base
        )
        return next((each for each in exact if abs(each - rounded) <= MICROSECOND), rounded)

    @property
    def promised(self) -> float:
        """Seconds at which the header says that the file ends, by its own stamps."""
        container = self.container
        end = float(((container.duration or 0) + (container.start_time or 0)) * MICROSECOND)
        # Of an AVI that ends early FFmpeg shortens the duration, but not the count.
        return max(end, self.stream.frames / self.fps) if self.is_avi else end

    def in_seconds(self) -> Seconds:
        """Of all packets that are shown, in the order of the file."""
        return seconds_of(
            self.unwrapped.times[np.array(self._is_shown, bool)], self.tick, self.zero
        )

    def warnings(self, path: Path) -> Iterator[str]:
        if second := structure.second_video_at(path, self.format, self.last_byte):
            yield (
                f"another video begins at byte {second:,} of the file, which is not read: join "
                "files with a program for videos, not byte by byte"
            )
        if self.unwrapped.starts:
            at = seconds_of(self.unwrapped.times, self.tick, self.zero)[list(self.unwrapped.starts)]
            yield (
                f"time stamps start anew {counted(len(at), 'time')}, as where segments were "
                f"joined; they were put end to end, the first seam is at {at[0]:.6g} s"
            )
        if self.is_bare:
            known = "its header says" if self.stream.codec_context.framerate else "is assumed"
            yield (
                f"a stream without a container has no time stamps: {self.fps:g} frames per second "
                f"{known}"
            )


def _readable(container: InputContainer) -> Iterator[av.Packet]:
    try:
        yield from (packet for packet in packets_of(container) if packet.size)
    except av.MemoryError:
        raise
    except av.FFmpegError:
        return  # the missing seconds tell how much


class _Dropped:
    """Places of an AVI that hold no picture, as recorders mark those that they lost."""

    def __init__(self, path: Path, packets: _Packets) -> None:
        self._packets = packets
        self._holds = np.zeros(0, bool)
        places = packets.unwrapped.times
        is_suspect = packets.stream.frames > len(places) or np.any(np.diff(np.sort(places)) > 1)
        if packets.is_avi and is_suspect and structure.is_whole(path, "avi"):
            self._holds = structure.places(path, packets.stream.index)

    @property
    def places(self) -> tuple[Seconds, ...]:
        """Of the pictures, or of all where a picture hides in the place before its own."""
        if not self._packets.is_avi:
            return ()
        every = np.arange(len(self._holds)) / self._packets.fps
        return self._packets.in_seconds(), every

    @property
    def n_at_end(self) -> int:
        held = np.flatnonzero(self._holds)
        return len(self._holds) - 1 - int(held[-1]) if len(held) else 0

    @property
    def sentence(self) -> str:
        empty = np.flatnonzero(~self._holds)
        if not len(empty):
            return ""
        return (
            f"{len(empty):,} of its {len(self._holds):,} places hold no picture, as recorders "
            f"mark dropped ones: {_spans(empty.tolist())}; the frames around them keep their times"
        )


def _spans(numbers: Sequence[int]) -> str:
    """`3, 30 to 39`, the first few of them."""
    runs = [
        [number for _, number in run]
        for _, run in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    ]
    spans = [f"{run[0]} to {run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs]
    return ", ".join(spans[:5]) + (f" and {len(spans) - 5} more" if len(spans) > 5 else "")


def _missing(path: Path, packets: _Packets, dropped: _Dropped) -> tuple[float, tuple[str, ...]]:
    """Seconds that the header promises and the file lacks; a whole file lacks none."""
    missing = packets.promised - packets.end - dropped.n_at_end / packets.fps
    slack = 0.5 + 2 / packets.fps  # headers round, and count the sound's last block in full
    if missing <= slack:
        return 0.0, ()
    if not structure.is_whole(path, packets.format):
        return missing, ()
    text = f"the header promises {missing:.1f} s more than the file holds, which is whole"
    return 0.0, (text,)

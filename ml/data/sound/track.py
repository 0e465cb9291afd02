"""The sound track of a video, mono and at one rate, on the clock of its picture.

Zero is the moment at which the first picture is shown. Where the track holds nothing, for it
begins late, ends early or lost packets, there is silence.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer

from ml.data.sound.blocks import Samples, exactly, placed
from ml.data.sound.resampling import resampled
from ml.data.video.containers import open_video
from ml.data.video.outline import Outline
from ml.data.video.streams import packets_of
from ml.data.video.timestamps import WRAPS, unwrap
from ml.findings import counted
from ml.records import BadInput

UNHEARD = 1.0  # seconds of silence in place of sound that are worth a sentence


class NoSound(BadInput):
    """The file has no sound at all, as is nothing unusual for a camera."""


@dataclass(kw_only=True)
class Heard:
    """What came of a track while its samples were taken, from `start` to `end` seconds."""

    start: float
    end: float
    seconds: float = 0.0
    peak: float = 0.0
    n_unreadable: int = 0  # packets

    def add(self, seconds: float, samples: Samples, rate: int) -> None:
        first = max(0, round((self.start - seconds) * rate))
        inside = samples[first : max(first, round((self.end - seconds) * rate))]
        if not len(inside):
            return
        self.seconds += len(inside) / rate
        self.peak = max(self.peak, float(np.abs(inside).max()))

    def remarks(self) -> Iterator[str]:
        """Sentences about what is odd."""
        if self.n_unreadable:
            packets = counted(self.n_unreadable, "packet")
            yield f"{packets} of its sound cannot be decoded and were taken as silence"
        asked = self.end - self.start
        if asked - self.seconds > UNHEARD:
            yield (
                f"it has sound for {self.seconds:.2f} of {asked:.2f} s, the rest was taken as "
                "silence"
            )
        if self.seconds and not self.peak:
            yield "its sound track is silent throughout"


class Track:
    """The first sound track of a file; `seen` is the outline of its picture."""

    def __init__(self, path: Path, seen: Outline) -> None:
        self._path = path
        self._seen = seen
        self.heard = Heard(start=0, end=0)  # of the samples that were taken last

    def samples(self, rate: int, start: float, n_samples: int) -> Iterator[Samples]:
        """Exactly `n_samples` in blocks, from `start` seconds on, which may be negative.

        Raise NoSound where the file has none, BadInput where it cannot be decoded.
        """
        self.heard = Heard(start=start, end=start + n_samples / rate)
        with open_video(self._path) as container:
            frames = self._frames(container, audio_stream(container))
            first = self._first(frames)
            sounds = self._sounds(chain([first], frames), first.sample_rate)
            blocks = placed(sounds, first.sample_rate, start)
            yield from exactly(resampled(blocks, first.sample_rate, rate), n_samples)

    def _first(self, frames: Iterator[AudioFrame]) -> AudioFrame:
        """By which the rate is known: a header may have half of it."""
        first = next(frames, None)
        if first is None and self.heard.n_unreadable:
            raise BadInput("nothing of its sound track can be decoded")
        if first is None:
            raise NoSound("its sound track is empty")
        return first

    def _frames(self, container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        packets = packets_of(container, stream)
        if self._seen.shifts.any():
            own = replace(self._seen, shifts=_shifts(self._path, stream.index))
            packets = own.put_right(packets)
        for packet in packets:
            try:
                yield from stream.decode(packet)
            except av.MemoryError:
                raise
            except av.FFmpegError:
                self.heard.n_unreadable += 1

    def _sounds(
        self, frames: Iterator[AudioFrame], rate: int
    ) -> Iterator[tuple[float | None, Samples]]:
        following = 0.0
        for frame in frames:
            seconds = None
            if frame.pts is not None and frame.time_base is not None:
                seconds = float(frame.pts * frame.time_base) - self._seen.first_picture
            samples = mono(frame)
            at = following if seconds is None else seconds
            if frame.sample_rate != rate:
                raise BadInput(
                    f"its sound has {rate} samples per second at first and {frame.sample_rate} "
                    f"after {at:.2f} s"
                )
            self.heard.add(at, samples, rate)
            following = at + len(samples) / rate
            yield seconds, samples


def audio_stream(container: InputContainer) -> AudioStream:
    """The first one. Raise NoSound where there is none, BadInput where nobody can decode it."""
    if not container.streams.audio:
        raise NoSound("it has no sound track")
    stream = container.streams.audio[0]
    if stream.codec_context is None:
        raise BadInput("the codec of its sound is not known")
    return stream


def mono(frame: AudioFrame) -> Samples:
    """The mean over the channels, however many: (N,), whole numbers scaled to -1…1.

    FFmpeg would mix floats and whole numbers differently: √2 apart for two channels.
    """
    try:
        values = frame.to_ndarray()
    except ValueError as error:
        raise BadInput(f"its sound is stored as {frame.format.name}, which is not read") from error
    if frame.format.is_packed:
        values = values.reshape(-1, frame.layout.nb_channels).T
    floats = values.astype(np.float64)
    if values.dtype.kind == "u":
        floats = floats / 128 - 1
    elif values.dtype.kind == "i":
        floats /= 2 ** (8 * values.dtype.itemsize - 1)
    mixed = floats.mean(axis=0).astype(np.float32)
    if not np.isfinite(mixed).all():
        raise BadInput("its sound has samples that are no finite numbers")
    return mixed


def _shifts(path: Path, index: int) -> np.ndarray:
    """To be added to the stamps of the stream's packets, as where segments were joined."""
    with open_video(path) as container:
        packets = [
            packet for packet in packets_of(container, container.streams[index]) if packet.size
        ]
        dts, pts = [each.dts for each in packets], [each.pts for each in packets]
        return unwrap(dts, pts, wrap=WRAPS.get(container.format.name, 0)).shifts

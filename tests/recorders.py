"""Files as recorders leave them: joined, wrapped, with lost pictures, late. Made on the spot."""

from __future__ import annotations

import io
import struct
from collections.abc import Collection, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

TICKS = 90_000  # of MPEG systems, in a second
WRAP = 2**33 / TICKS  # seconds after which their stamps begin anew


def recording(
    path: Path,
    n_frames: int = 50,
    *,
    format: str | None = None,
    codec: str = "libx264",
    rate: Fraction | int = 25,
    size: tuple[int, int] = (96, 64),
    start: float = 0.0,
    times: Sequence[float] | None = None,
    sound_seconds: float = 0.0,
    sound_start: float = 0.0,
    b_frames: int | None = None,
    aspect: Fraction | None = None,
) -> Path:
    """Frame k is shown at `start` + k / rate, or at start + times[k]; sound at `sound_start`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    early = {"avoid_negative_ts": "disabled"} if sound_start < 0 else {}
    with av.open(str(path), "w", format=format, options=early) as out:
        is_x264 = codec == "libx264"
        options = {"g": "25"} | ({"bf": str(b_frames)} if b_frames is not None else {})
        stream: Any = out.add_stream(codec, rate=rate, options=options if is_x264 else {})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        is_timed = bool(times) or start > 0
        if is_timed:
            stream.time_base = stream.codec_context.time_base = Fraction(1, TICKS)
        if sound_seconds:
            _add_silence(out, sound_seconds, sound_start)
        for index in range(n_frames):
            frame = _grey(index, size)
            if is_timed:
                second = start + (times[index] if times else index / rate)
                frame.pts, frame.time_base = round(second * TICKS), Fraction(1, TICKS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def _grey(index: int, size: tuple[int, int]) -> av.VideoFrame:
    shade = np.full((size[1], size[0], 3), index * 3 % 256, np.uint8)
    return av.VideoFrame.from_ndarray(shade, format="rgb24")


def _add_silence(out: Any, seconds: float, start: float) -> None:
    sound: Any = out.add_stream("aac", rate=48_000)
    sound.layout = "mono"
    begin = round(start * 48_000)
    for first in range(begin, begin + int(seconds * 48_000), 1024):
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        silence.sample_rate, silence.pts = 48_000, first
        silence.time_base = Fraction(1, 48_000)
        out.mux(sound.encode(silence))
    out.mux(sound.encode(None))


def joined(path: Path, *segments: Path) -> Path:
    """Byte by byte, as recorders and `cat` do."""
    path.write_bytes(b"".join(segment.read_bytes() for segment in segments))
    return path


def avi_with_drops(
    path: Path,
    dropped: Collection[int],
    *,
    n_places: int = 100,
    fps: int = 25,
    promised: int | None = None,
) -> Path:
    """MJPEG; a place whose picture was dropped is a chunk without bytes."""
    size = (64, 48)
    movi, index = b"", b""
    for place in range(n_places):
        picture = io.BytesIO()
        Image.new("RGB", size, (place * 2, place, 90)).save(picture, "JPEG")
        data = b"" if place in dropped else picture.getvalue()
        index += b"00dc" + struct.pack("<III", 16, 4 + len(movi), len(data))
        movi += _chunk(b"00dc", data)
    header = _avi_header(size, promised or n_places, fps)
    body = header + _chunk(b"LIST", b"movi" + movi) + _chunk(b"idx1", index)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_chunk(b"RIFF", b"AVI " + body))
    return path


def _chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _avi_header(size: tuple[int, int], n_frames: int, fps: int) -> bytes:
    numbers = (10**6 // fps, 0, 0, 16, n_frames, 0, 1, 0, *size, 0, 0, 0, 0)
    timing = (0, 0, 0, 0, 1, fps, 0, n_frames, 0, 2**32 - 1, 0)
    stream = b"vidsMJPG" + struct.pack("<IHHIIIIIIII4H", *timing, 0, 0, *size)
    n_bytes = size[0] * size[1] * 3
    bitmap = struct.pack("<IiiHH4sIiiII", 40, *size, 1, 24, b"MJPG", n_bytes, 0, 0, 0, 0)
    streams = _chunk(b"LIST", b"strl" + _chunk(b"strh", stream) + _chunk(b"strf", bitmap))
    main = _chunk(b"avih", struct.pack("<14I", *numbers))
    return _chunk(b"LIST", b"hdrl" + main + streams)


def deep_video(path: Path, frames: Sequence[np.ndarray], *, pixels: str = "gray16le") -> Path:
    """(H, W) uint16 frames, lossless at 25 per second."""
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("ffv1", rate=25)
        stream.height, stream.width = frames[0].shape
        stream.pix_fmt = pixels
        for values in frames:
            frame = av.VideoFrame.from_ndarray(values, format="gray16le")
            out.mux(stream.encode(frame.reformat(format=pixels)))
        out.mux(stream.encode(None))
    return path

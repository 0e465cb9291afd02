"""Videos with sound, made on the spot: a grey picture, and whatever samples are given."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ml.records import VideoRecord

LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1"}
TICK = Fraction(1, 12_800)  # at most 65,535 in a second, says MPEG-4


def video_with_sound(
    path: Path,
    sound: NDArray[Any] | None,
    *,
    rate: int = 16_000,
    seconds: float = 2.0,
    fps: int = 25,
    start: float = 0.0,
    sound_start: float = 0.0,
    codec: str = "pcm_s16le",
    sample_format: str = "s16",
    lost: Sequence[int] = (),
    times: Sequence[float] | None = None,
) -> Path:
    """`sound` (channels, N) in -1…1 begins at `sound_start`; None: no track.

    Frames begin at `start`, or at each of `times`; of the sound's packets of 1,024 samples the
    `lost` ones are left out.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    times = times or [start + number / fps for number in range(round(seconds * fps))]
    with av.open(str(path), "w") as out:
        picture: Any = out.add_stream("mpeg4", rate=fps)
        picture.width, picture.height, picture.pix_fmt = 32, 32, "yuv420p"
        picture.time_base = picture.codec_context.time_base = TICK
        track = None if sound is None else _track(out, codec, rate, sample_format, len(sound))
        for number, second in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32), number % 200, np.uint8), "gray")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = round(second / TICK), TICK
            out.mux(picture.encode(frame))
        out.mux(picture.encode())
        if sound is not None:
            _write_sound(out, track, sound, rate, sound_start, sample_format, set(lost))
    return path


def record(path: Path, n_frames: int = 50) -> VideoRecord:
    return VideoRecord(id=f"vid_{path.stem}", path=str(path), n_frames=n_frames)


def _track(out: Any, codec: str, rate: int, sample_format: str, n_channels: int) -> Any:
    track = out.add_stream(codec, rate=rate)
    track.layout, track.format = LAYOUTS[n_channels], sample_format
    return track


def _write_sound(
    out: Any,
    track: Any,
    sound: NDArray[Any],
    rate: int,
    start: float,
    sample_format: str,
    lost: set[int],
) -> None:
    packets: list[Any] = []
    for first in range(0, sound.shape[1], 1024):
        block = sound[:, first : first + 1024]
        frame = _frame(block, sample_format, LAYOUTS[len(sound)])
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = round(start * rate) + first
        packets += track.encode(frame)
    packets += track.encode()
    out.mux([packet for number, packet in enumerate(packets) if number not in lost])


def _frame(block: NDArray[Any], sample_format: str, layout: str) -> av.AudioFrame:
    is_planar = sample_format.endswith("p")
    values = block if is_planar else block.T.reshape(1, -1)
    match sample_format.removesuffix("p"):
        case "s16":
            values = np.round(values * 2**15).clip(-(2**15), 2**15 - 1).astype(np.int16)
        case "s32":
            values = np.round(values * 2.0**31).clip(-(2**31), 2**31 - 1).astype(np.int32)
        case "u8":
            values = np.round(values * 128 + 128).clip(0, 255).astype(np.uint8)
        case "flt":
            values = values.astype(np.float32)
    return av.AudioFrame.from_ndarray(np.ascontiguousarray(values), sample_format, layout)

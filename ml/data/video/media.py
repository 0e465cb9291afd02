"""What people see of a video: a proxy that browsers play, a poster and a contact sheet.

All three come from frames decoded elsewhere, each handed over once and in order.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
from av.video.frame import PictureType
from av.video.stream import VideoStream
from PIL import Image

from ml.data.video.outline import Outline
from ml.data.video.pixels import Scale
from ml.data.video.streams import N_THREADS, deep_values, rotation_of, shown_size
from ml.data.video.thumbnails import (
    CELL,
    POSTER,
    evenly,
    fit,
    save_poster,
    save_sheet,
    thumbnail,
    upright,
)

MAX_LINES = 720
MAX_WIDTH = 8192  # of panoramas: what browsers' decoders take
MAX_FPS = 60
MAX_DENOMINATOR = 1001  # that of the rates of television
KEY_FRAME_EVERY = 12  # a seek decodes at most this many frames
ENCODER = {
    "preset": "veryfast",
    "crf": "23",
    "bf": "0",  # without reordering frame k is shown at exactly k / fps
    "threads": str(N_THREADS),
}


class Proxy:
    """Constant-rate H.264 in MP4 with square pixels: frame k of the source is frame k here.

    Its rate is the usual one of the source, exact where that is a fraction such as 30000/1001.
    """

    def __init__(self, path: Path, *, fps: float, aspect: Fraction = Fraction(1)) -> None:
        self.rate = proxy_rate(fps)
        self._aspect = aspect
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream: VideoStream | None = None
        self._n_frames = 0

    def add(self, frame: av.VideoFrame, *, rotation: int) -> None:
        if self._stream is None:
            shown = shown_size((frame.width, frame.height), rotation, self._aspect)
            self._stream = self._add_stream(*proxy_size(shown))
        stream = self._stream
        picture = upright(frame, (stream.width, stream.height), rotation=rotation, pixels="yuv420p")
        picture.pts, picture.time_base = self._n_frames, 1 / self.rate
        picture.pict_type = PictureType.NONE  # else the source's frame types are forced on x264
        self._n_frames += 1
        self._container.mux(stream.encode(picture))

    def close(self) -> None:
        if self._stream is not None:
            self._container.mux(self._stream.encode(None))
        self._container.close()

    def _add_stream(self, width: int, height: int) -> VideoStream:
        stream = self._container.add_stream("libx264", rate=self.rate, options=ENCODER)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = KEY_FRAME_EVERY
        return stream


class Media:
    """Writes `proxy.mp4`, `poster.jpg` and `contact_sheet.jpg` below `folder`."""

    def __init__(self, folder: Path, seen: Outline, scale: Scale | None = None) -> None:
        self._folder = folder
        self._proxy = Proxy(folder / "proxy.mp4", fps=seen.fps, aspect=seen.aspect)
        self._aspect = seen.aspect
        self._scale = scale if seen.depth > 8 else None
        self._wanted = set(evenly(seen.n_frames))
        self._poster_at = seen.n_frames // 2
        self._cells: dict[int, Image.Image] = {}
        self._poster: Image.Image | None = None
        self._n_frames = self._rotation = 0

    def add(self, frame: av.VideoFrame) -> None:
        if self._n_frames == 0:
            self._rotation = rotation_of(frame)
        if self._scale is not None:
            frame = av.VideoFrame.from_ndarray(self._scale(deep_values(frame)), format="gray")
        if self._n_frames in self._wanted:
            self._cells[self._n_frames] = self._thumbnail(frame, CELL)
        if self._poster is None or self._n_frames == self._poster_at:
            self._poster = self._thumbnail(frame, POSTER)
        self._proxy.add(frame, rotation=self._rotation)
        self._n_frames += 1

    def _thumbnail(self, frame: av.VideoFrame, box: tuple[int, int]) -> Image.Image:
        return thumbnail(frame, box, rotation=self._rotation, aspect=self._aspect)

    def finish(self) -> dict[str, str | float]:
        """Names of what was written, and the rate of the proxy."""
        self._proxy.close()
        assert self._poster is not None, "finish() comes after at least one frame"
        save_poster(self._poster, self._folder / "poster.jpg")
        save_sheet(self._row(), self._folder / "contact_sheet.jpg")
        return {
            "proxy": "proxy.mp4",
            "proxy_fps": float(self._proxy.rate),
            "poster": "poster.jpg",
            "contact_sheet": "contact_sheet.jpg",
        }

    def _row(self) -> list[Image.Image]:
        """Twelve cells, also when the video ended before the last wanted frame."""
        kept = sorted(self._cells)
        return [
            self._cells[min(kept, key=lambda at: abs(at - index))]
            for index in evenly(self._n_frames)
        ]


def proxy_rate(fps: float) -> Fraction:
    """Between 1 and MAX_FPS frames per second."""
    return min(
        Fraction(MAX_FPS), max(Fraction(1), Fraction(fps).limit_denominator(MAX_DENOMINATOR))
    )


def proxy_size(size: tuple[int, int]) -> tuple[int, int]:
    """At most MAX_LINES lines, and even: two lines and columns share one colour sample."""
    width, height = fit(size, (min(size[0], MAX_WIDTH), MAX_LINES))
    return max(2, width // 2 * 2), max(2, height // 2 * 2)

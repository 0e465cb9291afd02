"""A contact sheet of twelve frames: from key frames, against seeking each frame with OpenCV.

    python -m benchmarks.contact_sheet

The video: two minutes of 1280×720 at 30 frames per second, H.264 as cameras write it, with
sensor noise and a key frame every 250 frames. The quick sheet shows the key frame before each
even point of time; OpenCV's shows the exact frame. Both write the same JPEG of 12 cells.
"""

from __future__ import annotations

import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from benchmarks import report
from ml.data.video.thumbnails import CELL, evenly, fit, quick_sheet

SEED = 7
WIDTH, HEIGHT, FPS, N_FRAMES = 1280, 720, 30, 3600
KEY_FRAME_EVERY = 250
PAIRS = 5


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"
        render(video)
        figures = report.compare(
            lambda: quick_sheet(video, Path(folder) / "quick.jpg"),
            lambda: seek_with_opencv(video, Path(folder) / "opencv.jpg"),
            pairs=PAIRS,
        )
        facts = {
            "frames": N_FRAMES,
            "gop": KEY_FRAME_EVERY,
            "megabytes": video.stat().st_size / 1e6,
        }
    report.save("contact_sheet", figures | facts, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def seek_with_opencv(video: Path, path: Path) -> None:
    capture = cv2.VideoCapture(str(video))
    cells = []
    for index in evenly(N_FRAMES):
        capture.set(cv2.CAP_PROP_POS_FRAMES, index)
        found, frame = capture.read()
        assert found, f"OpenCV cannot read frame {index}"
        cells.append(cv2.resize(frame, fit((WIDTH, HEIGHT), CELL), interpolation=cv2.INTER_AREA))
    capture.release()
    cv2.imwrite(str(path), cv2.hconcat(cells))


def render(path: Path) -> None:
    """A square wanders over a still scene; grain differs from frame to frame."""
    rng = np.random.default_rng(SEED)
    coarse = rng.integers(60, 180, (HEIGHT // 20, WIDTH // 20, 3), np.uint8)
    scene = np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)
    grain = rng.normal(0, 7, (HEIGHT + 64, WIDTH + 64, 3)).round().astype(np.int8).view(np.uint8)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.gop_size = KEY_FRAME_EVERY
        for index in range(N_FRAMES):
            top, left = rng.integers(64, size=2)
            picture = scene + grain[top : top + HEIGHT, left : left + WIDTH]  # wraps: -1 is 255
            x, y = 4 * index % (WIDTH - 120), 3 * index % (HEIGHT - 120)
            picture[y : y + 120, x : x + 120] = (200, 80, 40)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


if __name__ == "__main__":
    main()

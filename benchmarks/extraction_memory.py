"""Peak memory of extracting features: of a video of 1,800 frames, against one of 108,000.

    python -m benchmarks.extraction_memory

Each video of 64 × 48 pixels goes through `python -m ml extract` with the histograms of flow and
gradients, in rows of 60 frames and a process of its own; the kernel tells the largest resident
size that it had.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from benchmarks import report
from ml.records import Manifest, VideoRecord

SHORT, LONG = 1_800, 108_000  # an hour at 30 frames per second
WIDTH, HEIGHT = 64, 48
ROW = 60  # frames


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        peaks = {n: peak_megabytes(Path(name), render(Path(name), n)) for n in (SHORT, LONG)}
    figures = {f"peak_megabytes_{n}_frames": peak for n, peak in peaks.items()}
    figures["growth"] = peaks[LONG] / peaks[SHORT]
    report.save("extraction_memory", figures, notes=(__doc__ or "").split("\n")[0])


def peak_megabytes(folder: Path, video: VideoRecord) -> float:
    """Largest resident size of the process that extracts the video's features."""
    manifest, out = folder / f"{video.id}.json", folder / video.id
    Manifest(videos=(video,)).save(manifest)
    process = subprocess.Popen(
        [sys.executable, "-m", "ml", "extract", "--manifest", str(manifest), "--threads", "1",
         "--frames-per-row", str(ROW), "--out", str(out)],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"{video.n_frames} frames ended with status {status}"
    [path] = out.rglob("*.npy")
    assert len(np.load(path, mmap_mode="r")) == video.n_frames // ROW
    return usage.ru_maxrss / 1024


def render(folder: Path, n_frames: int) -> VideoRecord:
    """A square that wanders over grey."""
    path = folder / f"{n_frames}.mp4"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=30, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(n_frames):
            picture = np.full((HEIGHT, WIDTH), 90, np.uint8)
            left = number % (WIDTH - 12)
            picture[18:30, left : left + 12] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="gray")
            frame.pts, frame.time_base = number, Fraction(1, 30)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return VideoRecord(id=path.stem, path=str(path), n_frames=n_frames)


if __name__ == "__main__":
    main()

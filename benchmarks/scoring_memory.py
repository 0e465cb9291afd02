"""Peak memory of scoring a video: of 100 frames, against one of 18,000, by one-class methods.

    python -m benchmarks.scoring_memory [METHOD …]

Each video is scored by `python -m ml score --maps` in a process of its own; the kernel tells the
largest resident size that the process had. Networks of the size that the tests train, on 320×240
video.
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
import torch

from benchmarks import report
from ml.methods import OneClassMethod
from ml.records import Manifest, VideoRecord
from ml.registry import as_json, load_methods
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint

SEED = 7
SHORT, LONG = 100, 18_000
WIDTH, HEIGHT = 320, 240
NOTES = (__doc__ or "").split("\n")[0]


def main() -> None:
    names = [name for name, kind in load_methods().items() if issubclass(kind, OneClassMethod)]
    with tempfile.TemporaryDirectory() as folder:
        videos = [render(Path(folder) / f"{count}.mp4", count) for count in (SHORT, LONG)]
        for name in sys.argv[1:] or sorted(names):
            figures = measure(name, videos, Path(folder) / name)
            report.save("scoring_memory", {"method": name} | figures, seed=SEED, notes=NOTES)


def measure(name: str, videos: list[VideoRecord], folder: Path) -> dict[str, float]:
    save_untrained(name, folder)
    short, long = (peak_megabytes(folder, video) for video in videos)
    return {
        f"peak_megabytes_{SHORT}_frames": short,
        f"peak_megabytes_{LONG}_frames": long,
        "growth": long / short,
    }


def save_untrained(name: str, folder: Path) -> None:
    folder.mkdir()
    torch.manual_seed(SEED)
    kind = load_methods()[name]
    tensors = checkpoints.pack(kind(kind.tiny, torch.device("cpu")).modules, {})
    config = as_json(kind.tiny)
    checkpoints.save(
        Checkpoint(method=name, config=config, seed=SEED, step=0, epoch=0, tensors=tensors), folder
    )


def peak_megabytes(folder: Path, video: VideoRecord) -> float:
    """Largest resident size of the process that scores the video."""
    manifest = folder / f"{video.id}.json"
    Manifest(videos=(video,)).save(manifest)
    process = subprocess.Popen(
        [sys.executable, "-m", "ml", "score", "--manifest", str(manifest), "--threads", "1",
         "--checkpoint", str(folder), "--out", str(folder / video.id), "--maps"],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"scoring {video.n_frames} frames ended with status {status}"
    return usage.ru_maxrss / 1024


def render(path: Path, n_frames: int) -> VideoRecord:
    """A square wanders over a floor."""
    scene = np.full((HEIGHT, WIDTH), 90, np.uint8)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for index in range(n_frames):
            picture = scene.copy()
            x = 4 * index % (WIDTH - 60)
            picture[90:150, x : x + 60] = 220
            frame = av.VideoFrame.from_ndarray(picture, format="gray")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return VideoRecord(id=path.stem, path=str(path), n_frames=n_frames)


if __name__ == "__main__":
    main()

"""Peak memory of scoring a video: of 100 frames, against one of 18,000.

    python -m benchmarks.scoring_memory

Each video is scored by `python -m ml score` in a process of its own; the kernel tells the
largest resident size that the process had. Conv-AE at 64×64 on 320×240 video.
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
from ml import checkpoints
from ml.checkpoints import Checkpoint
from ml.methods.conv_ae import ConvAE, ConvAEConfig
from ml.records import Manifest, VideoRecord
from ml.registry import as_json

SEED = 7
SHORT, LONG = 100, 18_000
WIDTH, HEIGHT = 320, 240


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_untrained(folder / "checkpoint")
        peaks = {n_frames: peak_megabytes(folder, n_frames) for n_frames in (SHORT, LONG)}
    figures = {
        f"peak_megabytes_{SHORT}_frames": peaks[SHORT],
        f"peak_megabytes_{LONG}_frames": peaks[LONG],
        "growth": peaks[LONG] / peaks[SHORT],
    }
    report.save("scoring_memory", figures, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def save_untrained(folder: Path) -> None:
    folder.mkdir()
    torch.manual_seed(SEED)
    config = ConvAEConfig(input_size=64, channels=(16, 8, 8))
    tensors = checkpoints.pack(ConvAE(config, torch.device("cpu")).modules, {})
    checkpoints.save(
        Checkpoint(
            method="conv_ae", config=as_json(config), seed=SEED, step=0, epoch=0, tensors=tensors
        ),
        folder,
    )


def peak_megabytes(folder: Path, n_frames: int) -> float:
    """Largest resident size of the process that scores a video of `n_frames`."""
    video = render(folder / f"{n_frames}.mp4", n_frames)
    manifest = folder / f"{n_frames}.json"
    Manifest(videos=(video,)).save(manifest)
    process = subprocess.Popen(
        [sys.executable, "-m", "ml", "score", "--manifest", str(manifest), "--threads", "1",
         "--checkpoint", str(folder / "checkpoint"), "--out", str(folder / str(n_frames))],
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, f"scoring {n_frames} frames ended with status {status}"
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

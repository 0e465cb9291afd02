"""Scores of a video for thirteen split sizes: in one pass over its features, or one after another.

    python -m benchmarks.split_sizes

Features of 10 crops × 2048 numbers in float32, 240 rows a video, the mean of UCF-Crime's test part;
Video Classifier with first weights. `times_faster` is that of `python -m ml score` with `--sweep`
against as many commands with `--set`, as a site's jobs were: by CPU seconds of the processes, which
other work on the machine hardly changes, and by wall seconds. `within_times_faster` is that of the
scoring alone, in a process that is there. Both give the same bits, which is checked.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import report
from ml.methods._weak import SPLIT_SIZES
from ml.methods.video_classifier import VideoClassifier, VideoClassifierConfig
from ml.records import FeatureRecord, Manifest, VideoRecord
from ml.registry import as_json
from ml.reports import to_nobody
from ml.scoring.videos import load_scores, score_in_ways, score_videos
from ml.training import checkpoints
from ml.training.checkpoints import Checkpoint

SEED = 7
N_VIDEOS, N_ROWS, N_CROPS, DIMENSION = 6, 240, 10, 2048
WAYS = {f"split_size={size}": size for size in SPLIT_SIZES}


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        videos, method = render(folder / "features"), learnt(folder / "learnt")
        found = within(folder, videos, method) | by_commands(folder, videos)
    report.save("split_sizes", found, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def render(folder: Path) -> list[VideoRecord]:
    folder.mkdir()
    rng = np.random.default_rng(SEED)
    videos = []
    for number in range(N_VIDEOS):
        path = folder / f"{number:02d}.npy"
        np.save(path, np.maximum(rng.normal(0, 0.5, (N_ROWS, N_CROPS, DIMENSION)), 0, dtype="f4"))
        videos.append(
            VideoRecord(
                id=path.stem, path=f"{path.stem}.mp4", n_frames=16 * N_ROWS, part="test",
                features=FeatureRecord(path=str(path)),
            )
        )  # fmt: skip
    return videos


def learnt(folder: Path) -> VideoClassifier:
    torch.manual_seed(SEED)
    method = VideoClassifier(VideoClassifierConfig(), torch.device("cpu"))
    method.set_dimension(DIMENSION)
    tensors = {f"modules/network/{key}": each for key, each in method.learnt.state_dict().items()}
    folder.mkdir()
    checkpoints.save(
        Checkpoint(method="video_classifier", config=as_json(method.config), seed=0, step=0,
                   epoch=0.0, tensors=tensors, loop={}),
        folder,
    )  # fmt: skip
    return method


def within(folder: Path, videos: list[VideoRecord], method: VideoClassifier) -> dict[str, Any]:
    configs = {way: replace(method.config, split_size=size) for way, size in WAYS.items()}

    def together() -> None:
        score_in_ways(method, videos, folder / "together", to_nobody(), configs)

    def apart() -> None:
        for way, config in configs.items():
            method.config = config
            score_videos(method, videos, folder / "apart" / way, to_nobody())

    found = report.compare(together, apart, pairs=1)
    for way in WAYS:
        one, other = (load_scores(folder / place / way) for place in ("together", "apart"))
        assert all(np.array_equal(one[key].values, other[key].values) for key in one), way
    return {"within_" + name: value for name, value in found.items()}


def by_commands(folder: Path, videos: list[VideoRecord]) -> dict[str, Any]:
    Manifest(videos=tuple(videos)).save(folder / "m.json")
    basis = ["score", "--checkpoint", str(folder / "learnt"), "--manifest", str(folder / "m.json"),
             "--threads", "1", "--device", "cpu", "--out"]  # fmt: skip
    sizes = ",".join(map(str, SPLIT_SIZES))
    ours = spent(lambda: run([*basis, str(folder / "a"), "--sweep", f"split_size={sizes}"]))
    peer = spent(
        lambda: run_each([[*basis, str(folder / "b" / way), "--set", way] for way in WAYS])
    )
    return {
        "ours_cpu_seconds": ours[0],
        "peer_cpu_seconds": peer[0],
        "times_faster": peer[0] / ours[0],
        "times_faster_wall": peer[1] / ours[1],
    }


def run(arguments: list[str]) -> None:
    subprocess.run(
        [sys.executable, "-m", "ml", *arguments], check=True, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip


def run_each(commands: list[list[str]]) -> None:
    for arguments in commands:
        run(arguments)


def spent(work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of the processes that it starts, and wall seconds."""
    began, started = os.times(), time.perf_counter()
    work()
    ended = os.times()
    cpu = ended.children_user - began.children_user + ended.children_system - began.children_system
    return cpu, time.perf_counter() - started


if __name__ == "__main__":
    main()

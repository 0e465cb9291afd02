"""Scores of a video for many split sizes: in one pass over its features, or one after another.

    python -m benchmarks.split_sizes --sizes 8 16 28 32

Features of 10 crops × 2048 numbers in float32, 240 rows a video, the mean of UCF-Crime's test part;
Video Classifier with first weights. `times_faster` is that of `python -m ml score` with `--sweep`
against as many commands with `--set`, as a site's jobs were: by CPU seconds of the processes, which
other work on the machine hardly changes, and by wall seconds. `within_times_faster` is that of the
scoring alone, in a process that is there. Both give the same bits, which is checked.
"""

from __future__ import annotations

import argparse
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


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", type=int, nargs="+", default=SPLIT_SIZES)
    sizes = parser.parse_args().sizes
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        videos, method = render(folder / "features"), learnt(folder / "learnt")
        found = within(folder, videos, method, sizes) | by_commands(folder, videos, sizes)
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


def within(
    folder: Path, videos: list[VideoRecord], method: VideoClassifier, sizes: list[int]
) -> dict[str, Any]:
    configs = {f"split_size={size}": replace(method.config, split_size=size) for size in sizes}

    def together() -> None:
        score_in_ways(method, videos, folder / "together", to_nobody(), configs)

    def apart() -> None:
        for way, config in configs.items():
            method.config = config
            score_videos(method, videos, folder / "apart" / way, to_nobody())

    found = compare_cpu(together, apart)
    for way in configs:
        one, other = (load_scores(folder / place / way) for place in ("together", "apart"))
        assert all(np.array_equal(one[key].values, other[key].values) for key in one), way
    return {"within_" + name: value for name, value in found.items()}


def compare_cpu(ours: Callable[[], object], peer: Callable[[], object]) -> dict[str, float]:
    spent_by = []
    for work in (ours, peer):
        began = time.process_time()
        work()
        spent_by.append(time.process_time() - began)
    return {
        "ours_cpu_seconds": spent_by[0],
        "peer_cpu_seconds": spent_by[1],
        "times_faster": spent_by[1] / spent_by[0],
    }


def by_commands(folder: Path, videos: list[VideoRecord], sizes: list[int]) -> dict[str, Any]:
    Manifest(videos=tuple(videos)).save(folder / "m.json")
    basis = ["score", "--checkpoint", str(folder / "learnt"), "--manifest", str(folder / "m.json"),
             "--threads", "1", "--device", "cpu", "--out"]  # fmt: skip
    ways, listed = [f"split_size={size}" for size in sizes], ",".join(map(str, sizes))
    ours = spent(lambda: run([*basis, str(folder / "a"), "--sweep", f"split_size={listed}"]))
    peer = spent(
        lambda: run_each([[*basis, str(folder / "b" / way), "--set", way] for way in ways])
    )
    return {
        "n_sizes": len(sizes),
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

"""A whole training of Video Classifier at the size of UCF-Crime, its validations included.

    python -m benchmarks.weak_training

2,490 updates of 32 + 32 bags of 32 × 2048, drawn from 16,100 bags (1,610 videos of 10 crops) that
lie in the page cache, validated on 161 more videos after every 249 updates. Numbers are random:
only the time counts. There is no peer: the figure is minutes.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks import report
from ml.data.features.bags import BagStore
from ml.methods._weak import BagLearner
from ml.methods.video_classifier import VideoClassifier, VideoClassifierConfig
from ml.registry import as_json
from ml.reports import to_nobody
from ml.training.loop import Training
from ml.training.seeding import seed_everything

SEED = 7
N_CROPS, N_SEGMENTS, DIMENSION = 10, 32, 2048


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=1610)
    parser.add_argument("--precision", default="float32", choices=("float32", "bf16"))
    options = parser.parse_args()
    torch.set_num_threads(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stores = [
            store(folder / part, n_videos)
            for part, n_videos in (("train", options.videos), ("validation", options.videos // 10))
        ]
        figures = measure(folder, stores, options.precision)
    notes = (__doc__ or "").split("\n")[0]
    report.save("weak_training", {"videos": options.videos} | figures, seed=SEED, notes=notes)


def measure(folder: Path, stores: list[BagStore], precision: str) -> dict[str, object]:
    seed_everything(SEED)
    config = VideoClassifierConfig(precision=precision)  # type: ignore[arg-type]
    method = VideoClassifier(config, torch.device("cpu"))
    method.set_dimension(DIMENSION)
    learner = BagLearner(method, *stores)
    learner.fingerprint = "random"
    training = Training(
        method="video_classifier", config=as_json(config), seed=SEED, folder=folder,
        reporter=to_nobody(),
    )  # fmt: skip
    seconds = report.seconds(lambda: training.run(learner, updates=config.updates))
    return {
        "precision": precision,
        "seconds": seconds,
        "milliseconds_per_update": 1000 * seconds / config.updates,
    }


def store(path: Path, n_videos: int) -> BagStore:
    """Every second video is abnormal, and a little larger."""
    rng = np.random.default_rng([SEED, n_videos])
    file = np.lib.format.open_memmap(
        path, "w+", np.float16, (n_videos, N_CROPS, N_SEGMENTS, DIMENSION)
    )
    is_abnormal: NDArray[np.bool_] = np.arange(n_videos) % 2 == 1
    for number in range(n_videos):
        bag = rng.random((N_CROPS, N_SEGMENTS, DIMENSION), np.float32)
        file[number] = bag + 0.02 * is_abnormal[number]
    file.flush()
    bags = np.asarray(np.load(path, mmap_mode="r"))
    return BagStore(bags=bags, is_abnormal=is_abnormal, counts=(N_SEGMENTS,) * n_videos)


if __name__ == "__main__":
    main()

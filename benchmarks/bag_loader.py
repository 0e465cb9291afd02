"""Batches of bags: from features cut once into a packed file, against cutting each file anew.

    python -m benchmarks.bag_loader

Features of 10 crops × 2048 numbers in float32, of videos of 534 rows (the mean of UCF-Crime's
training) and of 2,700, cut to 32 segments; a batch is 64 bags. The peer works as RTFM's loader
does: each item reads its .npy file whole and takes the mean of each segment of each crop. Ours
reads the file that a training has made of them, in float16. All files lie in the page cache.
Text is what Sultani et al. publish, 32 lines × 4096 numbers, which their training script reads for
each item by words, row by row stacked; NumPy's reader of text, written in C since 1.23, is a second
peer. Ours has read the text once. Both deliver the same numbers, as exactly as float16 can hold
them, which is checked. CPU time of one thread. Freed memory stays with the process, as in a job's:
the peer gains by that, too.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from benchmarks import report
from ml import memory
from ml.data.features.bags import store_bags
from ml.methods._bags import DeviceBags
from ml.records import FeatureRecord, VideoRecord
from ml.reports import to_nobody

SEED = 7
N_CROPS, DIMENSION, N_SEGMENTS = 10, 2048, 32
BATCH = 64
N_FILES = 4  # read again and again: 64 of the long ones would not fit the page cache
LENGTHS = (534, 2700)
Array = NDArray[np.float32]


def main() -> None:
    torch.set_num_threads(1)
    memory.keep_freed()
    for length in LENGTHS:
        with tempfile.TemporaryDirectory() as name:
            found = {"rows": length} | measure(Path(name), length)
            report.save("bag_loader", found, seed=SEED, notes=(__doc__ or "").split("\n")[0])
    with tempfile.TemporaryDirectory() as name:
        found = {"rows": "text of 32 × 4096"} | measure_text(Path(name))
        report.save("bag_loader", found, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def measure(folder: Path, length: int) -> dict[str, float]:
    files = [render(folder / f"{number}.npy", length) for number in range(N_FILES)]
    videos = [record(files[number % N_FILES], number) for number in range(BATCH)]
    store = store_bags(
        videos, folder / "bags", n_segments=N_SEGMENTS, kept_as="float16", reporter=to_nobody()
    )
    bags = DeviceBags(store, torch.device("cpu"))
    check_equal(bags, files)
    whole, single = np.arange(BATCH), np.arange(BATCH) * N_CROPS
    ten = compare(lambda: ours(bags, whole, False), lambda: peer_batch(files))
    one = compare(lambda: ours(bags, single, True), lambda: ours(bags, whole, False))
    return {
        "times_faster_ten_crops": ten["times_faster"],
        "times_faster_single_crop": ten["peer_seconds"] / one["ours_seconds"],
        "our_batch_of_ten_crops_seconds": ten["ours_seconds"],
        "our_batch_of_single_crops_seconds": one["ours_seconds"],
        "peer_batch_seconds": ten["peer_seconds"],
    }


compare = partial(report.compare, clock=time.process_time)


def ours(bags: DeviceBags, samples: NDArray[np.int64], crop_by_crop: bool) -> Tensor:
    return bags.take(samples, crop_by_crop=crop_by_crop)


def peer_batch(files: list[Path]) -> Tensor:
    return torch.stack([peer_item(files[number % N_FILES]) for number in range(BATCH)])


def peer_item(path: Path) -> Tensor:
    """(K, T, D), the whole file for each."""
    crops = np.load(path).transpose(1, 0, 2)
    return torch.from_numpy(np.stack([cut(crop) for crop in crops]))


def cut(rows: Array) -> Array:
    """(T, D), segment by segment."""
    segments = np.zeros((N_SEGMENTS, rows.shape[1]), np.float32)
    bounds = np.linspace(0, len(rows), N_SEGMENTS + 1, dtype=int)
    for number in range(N_SEGMENTS):
        first, end = bounds[number], bounds[number + 1]
        segments[number] = rows[first:end].mean(0) if end > first else rows[first]
    return segments


def check_equal(bags: DeviceBags, files: list[Path]) -> None:
    found = ours(bags, np.arange(N_FILES), False)
    expected = torch.stack([peer_item(path) for path in files])
    assert torch.allclose(found, expected, rtol=2**-10, atol=1e-5), "the loaders differ"


def measure_text(folder: Path) -> dict[str, Any]:
    rows = np.random.default_rng(SEED).random((N_SEGMENTS, 4096)).astype(np.float32)
    text, array = folder / "a.txt", folder / "a.npy"
    np.savetxt(text, rows, fmt="%f")
    np.save(array, np.loadtxt(text, dtype=np.float32))
    videos = [record(array, number) for number in range(BATCH)]
    store = store_bags(
        videos, folder / "bags", n_segments=N_SEGMENTS, kept_as="float16", reporter=to_nobody()
    )
    bags = DeviceBags(store, torch.device("cpu"))
    every = np.arange(BATCH)
    expected = torch.stack([by_words(text)] * BATCH)
    assert torch.allclose(ours(bags, every, True), expected, rtol=2**-10)
    peers = {"words": by_words, "numpy": by_numpy}
    found = {
        name: compare(lambda: ours(bags, every, True), lambda: [read(text) for _ in range(BATCH)])  # noqa: B023
        for name, read in peers.items()
    }
    return {
        "times_faster_text": found["words"]["times_faster"],
        "times_faster_text_than_numpy": found["numpy"]["times_faster"],
        "our_batch_seconds": found["words"]["ours_seconds"],
        "peer_batch_seconds": {name: each["peer_seconds"] for name, each in found.items()},
    }


def by_words(path: Path) -> Tensor:
    """(T, D) as the training script of Sultani et al. reads it, and to a tensor."""
    words = path.read_text().split()
    rows: Array | None = None
    for first in range(0, len(words), 4096):
        row = np.asarray(words[first : first + 4096], np.float32)
        rows = row[None] if rows is None else np.vstack((rows, row))
    return torch.from_numpy(rows)


def by_numpy(path: Path) -> Tensor:
    return torch.from_numpy(np.loadtxt(path, dtype=np.float32))


def render(path: Path, length: int) -> Path:
    """Features as a ReLU leaves them."""
    rng = np.random.default_rng([SEED, length, int(path.stem)])
    rows = rng.normal(0, 0.5, (length, N_CROPS, DIMENSION)).astype(np.float32)
    np.save(path, np.maximum(rows, 0))
    return path


def record(path: Path, number: int) -> VideoRecord:
    return VideoRecord(
        id=str(number), path=f"{number}.mp4", label="normal",
        features=FeatureRecord(path=str(path)),
    )  # fmt: skip


if __name__ == "__main__":
    main()

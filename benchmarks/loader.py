"""Training windows: from frames that are decoded once, against decoding every window anew.

    python -m benchmarks.loader

600 JPEG frames of 640×360, every window of T frames and the next one, in shuffled batches, as
float32 in [-1, 1]: 4 + 1 in RGB at 256×256 by 4, as the frame-prediction papers train, and 8 + 1
in grey at 128×128 by 16, as the ST-GANs here do. The peer works as the papers' loaders do (MNAD,
Anomaly_Prediction): a torch Dataset whose item reads, resizes and converts the images of its
window. Both deliver the same numbers, which is checked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks import report
from ml.data.samples.frames import FrameStore, store_frames
from ml.data.samples.windows import gather, window_starts
from ml.data.video.decode import resize
from ml.data.video.images import image_files
from ml.records import VideoRecord
from ml.reports import to_nobody
from ml.training.plan import shuffled

SEED = 7
N_FRAMES, WIDTH, HEIGHT = 600, 640, 360
EPOCHS = 10  # of a short training: what the first epoch costs more is spread over these


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What a training takes."""

    name: str
    length: int  # frames, the predicted one too
    batch: int
    size: int  # height and width
    grey: bool

    @property
    def n_windows(self) -> int:
        return N_FRAMES - self.length + 1


SAMPLES = (
    Sample(name="4+1 frames, RGB, 256", length=5, batch=4, size=256, grey=False),
    Sample(name="8+1 frames, grey, 128", length=9, batch=16, size=128, grey=True),
)


class EveryWindowAnew(Dataset[Tensor]):
    """(L * channels, H, W) per window, read from the images each time."""

    def __init__(self, folder: Path, sample: Sample) -> None:
        self.paths = [str(path) for path in image_files(folder)]
        self.sample = sample

    def __len__(self) -> int:
        return self.sample.n_windows

    def __getitem__(self, index: int) -> Tensor:
        frames = [self.read(path) for path in self.paths[index : index + self.sample.length]]
        return torch.from_numpy(np.concatenate(frames))

    def read(self, path: str) -> np.ndarray:
        size = (self.sample.size, self.sample.size)
        if self.sample.grey:
            grey: Any = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
            return resize(grey, size).astype(np.float32)[None] / 127.5 - 1
        image: Any = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)  # type: ignore[arg-type]
        return resize(image, size).astype(np.float32).transpose(2, 0, 1) / 127.5 - 1


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        render(folder / "frames")
        for sample in SAMPLES:
            found = {"sample": sample.name} | measure(folder, sample)
            report.save("loader", found, seed=SEED, notes=(__doc__ or "").split("\n")[0])


def measure(folder: Path, sample: Sample) -> dict[str, float]:
    peer = EveryWindowAnew(folder / "frames", sample)
    store = decode_all(folder, sample)
    check_equal(store, peer)
    later = report.compare(lambda: our_epoch(store, sample), lambda: peer_epoch(peer))
    decoding = min(report.seconds(lambda: decode_all(folder, sample)) for _ in range(3))
    return figures(later, decoding, sample)


def figures(later: dict[str, float], decoding: float, sample: Sample) -> dict[str, float]:
    ours, peer = later["ours_seconds"], later["peer_seconds"]
    return {
        "times_faster": later["times_faster"],
        "times_faster_first_epoch": peer / (ours + decoding),
        f"times_faster_over_{EPOCHS}_epochs": EPOCHS * peer / (EPOCHS * ours + decoding),
        "our_windows_per_second": sample.n_windows / ours,
        "peer_windows_per_second": sample.n_windows / peer,
        "decoding_once_seconds": decoding,
    }


def decode_all(folder: Path, sample: Sample) -> FrameStore:
    video = VideoRecord(id="frames", path=str(folder / "frames"), kind="frames")
    return store_frames(
        [video], folder / f"{sample.length}.npy", size=(sample.size, sample.size),
        grey=sample.grey, reporter=to_nobody(),
    )  # fmt: skip


def our_epoch(store: FrameStore, sample: Sample) -> int:
    starts = window_starts(store.counts, length=sample.length)
    order = shuffled(len(starts), seed=SEED, epoch=0)
    return sum(len(batch) for batch in our_batches(store, starts[order], sample))


def our_batches(store: FrameStore, starts: np.ndarray, sample: Sample) -> Iterator[Tensor]:
    """(B, L * channels, H, W)."""
    for first in range(0, len(starts), sample.batch):
        windows = gather(store.frames, starts[first : first + sample.batch], length=sample.length)
        pixels = torch.from_numpy(windows).float().div_(127.5).sub_(1)
        yield pixels if sample.grey else pixels.flatten(1, 2)


def peer_epoch(dataset: EveryWindowAnew) -> int:
    loader = DataLoader(dataset, batch_size=dataset.sample.batch, shuffle=True)
    return sum(len(batch) for batch in loader)


def check_equal(store: FrameStore, peer: EveryWindowAnew) -> None:
    starts = [0, 17, len(peer) - 1]
    [batch] = our_batches(store, np.array(starts), peer.sample)
    expected = torch.stack([peer[start] for start in starts])
    assert torch.allclose(batch, expected, atol=1e-6), "the loaders deliver different windows"


def render(folder: Path) -> None:
    """A square wanders over a still, grainy scene."""
    folder.mkdir()
    rng = np.random.default_rng(SEED)
    coarse = rng.integers(60, 180, (HEIGHT // 20, WIDTH // 20, 3), np.uint8)
    scene = cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(0, 12, scene.shape, np.uint8)
    for index in range(N_FRAMES):
        picture = scene + np.roll(grain, 7 * index, axis=1)
        x = 4 * index % (WIDTH - 60)
        picture[150:210, x : x + 60] = (40, 80, 200)
        cv2.imwrite(str(folder / f"{index}.jpg"), picture)


if __name__ == "__main__":
    main()

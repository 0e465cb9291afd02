"""Training windows: from frames that are decoded once, against decoding every window anew.

    python -m benchmarks.loader

600 JPEG frames of 640×360, windows of 5, stride 1, in shuffled batches of 4, as float32 in
[-1, 1] at 256×256 RGB. The peer works as the loaders of the frame-prediction papers do (MNAD,
Anomaly_Prediction; the batch size is theirs too): a torch Dataset whose item reads, resizes
and converts five images. Both deliver the same numbers, which is checked.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from benchmarks import report
from ml.data.decode import resize
from ml.data.frames import FrameStore, store_frames
from ml.data.images import image_files
from ml.data.windows import gather, window_starts
from ml.events import to_nobody
from ml.records import VideoRecord
from ml.training import shuffled

SEED = 7
N_FRAMES, WINDOW, BATCH = 600, 5, 4
WIDTH, HEIGHT, SIZE = 640, 360, (256, 256)
EPOCHS = 10  # of a short training: what the first epoch costs more is spread over these


class EveryWindowAnew(Dataset[Tensor]):
    """(L * 3, H, W) per window, read from the images each time."""

    def __init__(self, folder: Path) -> None:
        self.paths = [str(path) for path in image_files(folder)]

    def __len__(self) -> int:
        return len(self.paths) - WINDOW + 1

    def __getitem__(self, index: int) -> Tensor:
        frames = [self.read(path) for path in self.paths[index : index + WINDOW]]
        return torch.from_numpy(np.concatenate(frames))

    def read(self, path: str) -> np.ndarray:
        image: Any = cv2.cvtColor(cv2.imread(path), cv2.COLOR_BGR2RGB)  # type: ignore[arg-type]
        return resize(image, SIZE).astype(np.float32).transpose(2, 0, 1) / 127.5 - 1


def main() -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        render(folder / "frames")
        peer = EveryWindowAnew(folder / "frames")
        store = decode_all(folder)
        check_equal(store, peer)
        later = report.compare(lambda: our_epoch(store), lambda: peer_epoch(peer))
        decoding = min(report.seconds(lambda: decode_all(folder)) for _ in range(3))
    report.save("loader", figures(later, decoding), seed=SEED, notes=(__doc__ or "").split("\n")[0])


def figures(later: dict[str, float], decoding: float) -> dict[str, float]:
    n_windows = N_FRAMES - WINDOW + 1
    ours, peer = later["ours_seconds"], later["peer_seconds"]
    return {
        "times_faster": later["times_faster"],
        "times_faster_first_epoch": peer / (ours + decoding),
        f"times_faster_over_{EPOCHS}_epochs": EPOCHS * peer / (EPOCHS * ours + decoding),
        "our_windows_per_second": n_windows / ours,
        "peer_windows_per_second": n_windows / peer,
        "decoding_once_seconds": decoding,
    }


def decode_all(folder: Path) -> FrameStore:
    video = VideoRecord(id="frames", path=str(folder / "frames"), kind="frames")
    return store_frames([video], folder / "frames.npy", size=SIZE, grey=False, reporter=to_nobody())


def our_epoch(store: FrameStore) -> int:
    starts = window_starts(store.counts, length=WINDOW)
    order = shuffled(len(starts), seed=SEED, epoch=0)
    return sum(len(batch) for batch in our_batches(store, starts[order]))


def our_batches(store: FrameStore, starts: np.ndarray) -> Iterator[Tensor]:
    """(B, L * 3, H, W)."""
    for first in range(0, len(starts), BATCH):
        windows = gather(store.frames, starts[first : first + BATCH], length=WINDOW)
        yield torch.from_numpy(windows).float().div_(127.5).sub_(1).flatten(1, 2)


def peer_epoch(dataset: EveryWindowAnew) -> int:
    return sum(len(batch) for batch in DataLoader(dataset, batch_size=BATCH, shuffle=True))


def check_equal(store: FrameStore, peer: EveryWindowAnew) -> None:
    [batch] = our_batches(store, np.array([0, 17, 595]))
    expected = torch.stack([peer[0], peer[17], peer[595]])
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

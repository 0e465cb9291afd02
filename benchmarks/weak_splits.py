"""Weakly supervised datasets out of one-class ones: labels of whole videos, and test videos apart.

    python -m benchmarks.weak_splits {ped2,upcam} DATA FOLDER

UCSD Ped2: DATA holds `training`, `testing` and `gt/UCSDped2.m`. Test clips of even numbers become
abnormal training videos, those of odd numbers are tested with four of the 16 normal ones.
upCam: DATA holds `00.mp4` with a label per frame in `00.csv`, and hours of normal video in `train`.
Each hour is cut into minutes; of the labelled hour every other five minutes train, the rest is
tested, so that neighbours are mostly of one part. `manifest.csv` tells training a label per video.
"""

from __future__ import annotations

import argparse
import csv
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from ml.data.video.decode import Frame, decode
from ml.records import VideoRecord

MINUTE = 300  # frames: upCam has five a second
BLOCK = 5  # minutes of one part
N_NORMAL_TO_TEST = 4
NORMAL_HOURS = 1  # of three: as many normal videos as the labelled hour is cut into


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", choices=["ped2", "upcam"])
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    make = ped2 if options.dataset == "ped2" else upcam
    save(list(make(options.data, options.folder)), options.folder / "manifest.csv")


def save(rows: list[dict[str, Any]], path: Path) -> None:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def row(name: str, *, part: str, intervals: list[tuple[int, int]]) -> dict[str, str]:
    """Of the manifest: training is told whether a video is abnormal, testing also when."""
    shown = intervals if part == "test" else []
    return {
        "name": name,
        "part": part,
        "label": "abnormal" if intervals else "normal",
        "intervals": " ".join(f"{first}:{end}" for first, end in shown),
    }


def ped2(data: Path, folder: Path) -> Iterator[dict[str, Any]]:
    normal = sorted((data / "training").glob("*.mp4"))
    for number, path in enumerate(normal):
        is_tested = number >= len(normal) - N_NORMAL_TO_TEST
        name = copied(path, folder / f"normal_{path.name}")
        yield row(name, part="test" if is_tested else "train", intervals=[])
    ranges = re.findall(r"\[(\d+):(\d+)\]", (data / "gt" / "UCSDped2.m").read_text())
    tested = sorted((data / "testing").glob("*.mp4"))
    for number, (path, (first, last)) in enumerate(zip(tested, ranges, strict=True), start=1):
        name = copied(path, folder / f"abnormal_{path.name}")
        intervals = [(int(first) - 1, int(last))]  # there from 1, with the last frame
        yield row(name, part="test" if number % 2 else "train", intervals=intervals)


def copied(path: Path, target: Path) -> str:
    """The name of the copy."""
    shutil.copy(path, target)
    return target.name


def upcam(data: Path, folder: Path) -> Iterator[dict[str, Any]]:
    labels = np.loadtxt(data / "00.csv", dtype=int)
    for number, name in enumerate(cut(data / "00.mp4", folder)):
        part = "test" if number // BLOCK % 2 else "train"
        minute = labels[number * MINUTE : (number + 1) * MINUTE]
        yield row(name, part=part, intervals=runs_of(minute))
    for path in sorted((data / "train").glob("*.mp4"))[:NORMAL_HOURS]:
        for name in cut(path, folder):
            yield row(name, part="train", intervals=[])


def cut(path: Path, folder: Path) -> Iterator[str]:
    """Names of its minutes, each encoded again; the last one may be shorter."""
    frames = decode(VideoRecord(id=path.stem, path=str(path)))
    number = 0
    while minute := list(islice(frames, MINUTE)):
        name = f"{path.stem}_{number:03d}.mp4"
        encode(minute, folder / name)
        yield name
        number += 1


def encode(frames: list[Frame], path: Path) -> None:
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=5)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for pixels in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode())


def runs_of(labels: NDArray[np.int_]) -> list[tuple[int, int]]:
    """(first, end) of each run of ones."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], labels > 0, [0]))))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


if __name__ == "__main__":
    main()

"""Untrimmed videos out of the labelled fight clips: what a weakly supervised method learns from.

    python -m benchmarks.fight_bags FIGHTS FOLDER

FIGHTS holds `clips.csv` (clip, class, source) and the folders `fight` and `noFight`. Clips of one
source are joined in the order of their numbers, 320 × 240, every frame: those with fights, and
half of those without, are one abnormal video; the other half is a normal one. Sources without a
fight are cut into normal videos of four clips. Every third source, in an order drawn by a seed, is
held out to test. `manifest.csv` says what training is told, a label per video, and where in
the test videos the fights are.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np

from ml.data.video.decode import decode
from ml.records import VideoRecord

SEED = 7
SIZE = (240, 320)
RATE = 25  # nominal: each frame is kept, whatever the rate of its clip
CLIPS_OF_A_NORMAL_VIDEO = 4
EVERY_NTH_TO_TEST = 3


@dataclass(frozen=True)
class Clip:
    path: Path
    is_fight: bool


@dataclass(frozen=True, kw_only=True)
class Joined:
    """A video to be made of these clips."""

    name: str
    clips: Sequence[Clip]

    @property
    def is_abnormal(self) -> bool:
        return any(clip.is_fight for clip in self.clips)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("fights", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    build(options.fights, options.folder)


def build(fights: Path, folder: Path) -> None:
    by_source = read(fights)
    tested = set(held_out(sorted(by_source)))
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        write(video, folder, part="test" if source in tested else "train")
        for source, clips in sorted(by_source.items())
        for video in videos_of(source, clips)
    ]
    with (folder / "manifest.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def read(fights: Path) -> dict[str, list[Clip]]:
    """By source, in the order of the clips' numbers."""
    found = defaultdict(list)
    with (fights / "clips.csv").open() as file:
        for row in csv.DictReader(file):
            path = fights / row["class"] / f"{row['clip']}.mp4"
            found[row["source"]].append(Clip(path, row["class"] == "fight"))
    return {
        source: sorted(clips, key=lambda clip: clip.path.stem) for source, clips in found.items()
    }


def held_out(sources: Sequence[str]) -> list[str]:
    order = np.random.default_rng(SEED).permutation(len(sources))
    return [sources[number] for number in order[::EVERY_NTH_TO_TEST]]


def videos_of(source: str, clips: Sequence[Clip]) -> Iterator[Joined]:
    name = source.replace(" ", "_")
    quiet = [clip for clip in clips if not clip.is_fight]
    if len(quiet) == len(clips):
        for first in range(0, len(quiet), CLIPS_OF_A_NORMAL_VIDEO):
            part = quiet[first : first + CLIPS_OF_A_NORMAL_VIDEO]
            yield Joined(name=f"{name}_normal_{first // CLIPS_OF_A_NORMAL_VIDEO}", clips=part)
        return
    apart = set(quiet[1::2])
    yield Joined(name=f"{name}_fight", clips=[clip for clip in clips if clip not in apart])
    if apart:
        yield Joined(name=f"{name}_normal", clips=[clip for clip in quiet if clip in apart])


def write(video: Joined, folder: Path, *, part: str) -> dict[str, Any]:
    """Its row in the manifest."""
    intervals, n_frames = [], 0
    with av.open(str(folder / f"{video.name}.mp4"), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE)
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        for clip in video.clips:
            first = n_frames
            for pixels in decode(VideoRecord(id=clip.path.stem, path=str(clip.path)), size=SIZE):
                container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
                n_frames += 1
            if clip.is_fight:
                intervals.append(f"{first}:{n_frames}")
        container.mux(stream.encode())
    return {
        "name": f"{video.name}.mp4",
        "part": part,
        "label": "Fighting" if video.is_abnormal else "normal",
        "intervals": ";".join(intervals) if part == "test" else "",
    }


if __name__ == "__main__":
    main()

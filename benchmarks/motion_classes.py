"""Makes a folder of motion classes to pre-train on: classes differ in how a shape moves.

    python -m benchmarks.motion_classes FOLDER --clips 40 --seed 0

    FOLDER/train/left/000.mp4   FOLDER/val/left/000.mp4   FOLDER/classes.txt

A bright shape (disc, square or triangle of random size, grey and place) moves over a still random
background. Shape, background, speed and start are drawn for each clip from the seed, whatever its
class, so a single picture says nothing of the class.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]
Pose = tuple[float, float, float, float]  # x and y of the middle, scale, angle in radians
RATE = 30
MARGIN = 0.2  # of the picture, in which no middle begins


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a clip's shape begins with; places and lengths are shares of the picture."""

    x: float
    y: float
    angle: float
    speed: float  # of the picture per clip
    phase: float


Motion = Callable[[Start, float], Pose]  # of the time, 0 to 1


def _straight(dx: float, dy: float) -> Motion:
    return lambda start, time: (
        start.x + dx * start.speed * (time - 0.5),
        start.y + dy * start.speed * (time - 0.5),
        1.0,
        start.angle,
    )


def _circle(turns: float) -> Motion:
    def pose(start: Start, time: float) -> Pose:
        angle = start.phase + turns * 2 * math.pi * time
        radius = start.speed / 4
        return (
            start.x + radius * math.cos(angle),
            start.y + radius * math.sin(angle),
            1.0,
            start.angle,
        )

    return pose


def _scaled(change: float) -> Motion:
    return lambda start, time: (start.x, start.y, 2 ** (change * (time - 0.5)), start.angle)


def _spin(start: Start, time: float) -> Pose:
    return start.x, start.y, 1.0, start.angle + 2 * math.pi * start.speed * time


def _shake(start: Start, time: float) -> Pose:
    return start.x + 0.1 * math.sin(start.phase + 8 * math.pi * time), start.y, 1.0, start.angle


def _bounce(start: Start, time: float) -> Pose:
    height = abs(math.sin(start.phase + 3 * math.pi * time))
    return start.x, start.y + 0.15 - 0.3 * height, 1.0, start.angle


def _still(start: Start, time: float) -> Pose:
    return start.x, start.y, 1.0, start.angle


CLASSES: dict[str, Motion] = {
    "left": _straight(-1, 0),
    "right": _straight(1, 0),
    "up": _straight(0, -1),
    "down": _straight(0, 1),
    "clockwise": _circle(1),
    "counter_clockwise": _circle(-1),
    "growing": _scaled(1.5),
    "shrinking": _scaled(-1.5),
    "spinning": _spin,
    "shaking": _shake,
    "bouncing": _bounce,
    "still": _still,
}


def clip(motion: Motion, random: np.random.Generator, *, size: int, n_frames: int) -> list[Frame]:
    """(n_frames) pictures (size, size, 3) RGB."""
    background = _background(random, size)
    outline = _outline(random, size)
    grey = int(random.integers(170, 256))
    low, high = MARGIN, 1 - MARGIN
    start = Start(
        x=random.uniform(low, high), y=random.uniform(low, high),
        angle=random.uniform(0, 2 * math.pi), speed=random.uniform(0.4, 0.7),
        phase=random.uniform(0, 2 * math.pi),
    )  # fmt: skip
    times = np.arange(n_frames) / max(1, n_frames - 1)
    return [_drawn(background, outline, grey, motion(start, time)) for time in times.tolist()]


def _background(random: np.random.Generator, size: int) -> Frame:
    coarse = random.integers(20, 130, (6, 6)).astype(np.uint8)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)


def _outline(random: np.random.Generator, size: int) -> NDArray[np.float64]:
    """(P, 2): corners around the middle, in pixels."""
    n_corners = int(random.choice([3, 4, 24]))
    radius = random.uniform(0.08, 0.14) * size
    angles = 2 * np.pi * np.arange(n_corners) / n_corners
    return radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _drawn(background: Frame, outline: NDArray[np.float64], grey: int, pose: Pose) -> Frame:
    x, y, scale, angle = pose
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    middle = np.array([x, y]) * len(background)
    corners = scale * outline @ turn + middle
    frame = background.copy()
    # Sixteenths of a pixel: what moves slowly would jump otherwise.
    cv2.fillPoly(frame, [np.round(corners * 16).astype(np.int32)], grey, cv2.LINE_AA, 4)
    return np.repeat(frame[:, :, None], 3, axis=2)


def write_clip(path: Path, frames: Sequence[Frame]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=RATE)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, RATE)
        stream.options = {"crf": "18"}
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def make_folder(
    folder: Path, *, n_train: int, n_validation: int, seed: int, size: int = 112, n_frames: int = 48
) -> int:
    """Clips of every class, so many of each. Return how many there are in all."""
    for number, (name, motion) in enumerate(CLASSES.items()):
        for place in range(n_train + n_validation):
            random = np.random.default_rng((seed, number, place))
            part, at = ("train", place) if place < n_train else ("val", place - n_train)
            frames = clip(motion, random, size=size, n_frames=n_frames)
            write_clip(folder / part / name / f"{at:03}.mp4", frames)
    (folder / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    return len(CLASSES) * (n_train + n_validation)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=40, help="of each class to learn from")
    parser.add_argument("--validation", type=int, default=8, help="of each class to watch")
    parser.add_argument("--size", type=int, default=112, help="pixels of a side, even")
    parser.add_argument("--frames", type=int, default=48, help="of each clip, at 30 a second")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    n = make_folder(
        given.folder, n_train=given.clips, n_validation=given.validation, seed=given.seed,
        size=given.size, n_frames=given.frames,
    )  # fmt: skip
    print(f"{n} clips of {len(CLASSES)} classes in {given.folder}")


if __name__ == "__main__":
    main()

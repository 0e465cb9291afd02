"""Features with the shape of UCF-Crime, in which where and how anomalies lie is known.

Names, lengths, classes and events are those of published lists; training lists say no events, so
that each abnormal training video gets one, which takes the share of the video that the events of
a test video take. V videos, T rows of 16 frames, D numbers, C classes.

    x = scene of the video + noise (+ signal · direction of the class, inside an event)

Scene and noise are normal with standard deviations SCENE and 1. All directions are 1 long and
share half of their square with one another. `LIKELIHOOD` is therefore the best that can be said of
a row that is looked at alone; what looks at neighbours, too, may say more.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.data.listed import ListedVideo, list_videos
from ml.data.truth.formats import read_annotations
from ml.metrics import auroc
from ml.naming import split_path
from ml.normal import is_normal

FRAMES_PER_ROW = 16
SCENE = 0.5
SIZE = 0.44  # a row of 2048 numbers is then about 22 long, as those of video networks are
SPREAD = float(np.hypot(1, SCENE))  # of a number of a row, where nothing happens

Floats = NDArray[np.float64]
Event = tuple[int, int]  # frames from 0, the end exclusive


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A video and its events. `label` is what training is told, `kind` what is true."""

    name: str
    n_frames: int
    part: str
    kind: str  # empty where nothing happens
    label: str
    events: tuple[Event, ...]

    @property
    def n_rows(self) -> int:
        return max(1, self.n_frames // FRAMES_PER_ROW)

    @property
    def is_event(self) -> NDArray[np.bool_]:
        """(T,): rows of which at least half lie in an event."""
        inside = self.frame_labels[: self.n_rows * FRAMES_PER_ROW]
        padded = np.resize(inside, (self.n_rows, FRAMES_PER_ROW)) if len(inside) else inside
        return np.asarray(padded.mean(axis=1) >= 0.5)

    @property
    def frame_labels(self) -> NDArray[np.uint8]:
        labels = np.zeros(self.n_frames, np.uint8)
        for start, end in self.events:
            labels[start:end] = 1
        return labels


def read_videos(training: Path, annotations: Path, rng: np.random.Generator) -> list[Planted]:
    """Training videos in the order of their list, then the test videos."""
    tested = list(_tested(annotations))
    shares = [
        sum(end - start for start, end in video.events) / video.n_frames
        for video in tested
        if video.events
    ]
    learnt = [_learnt(video, shares, rng) for video in list_videos(training).videos]
    return [*learnt, *tested]


def _tested(annotations: Path) -> Iterator[Planted]:
    for claim in read_annotations(annotations).claims:
        assert claim.n_frames is not None, "a list with numbers of frames is needed"
        events = [(each.start_frame, min(each.end_frame, claim.n_frames))
                  for each in claim.intervals or ()]  # fmt: skip
        kind = "" if is_normal(claim.label) or not events else claim.label
        kind = kind or (claim.intervals[0].label if claim.intervals else "")
        yield Planted(
            name=claim.name, n_frames=claim.n_frames, part="test", kind=kind,
            label=kind or "normal", events=tuple(each for each in events if each[0] < each[1]),
        )  # fmt: skip


def _learnt(video: ListedVideo, shares: Sequence[float], rng: np.random.Generator) -> Planted:
    assert video.n_frames, "a list with numbers of frames is needed"
    kind = "" if is_normal(video.label) else video.label
    events: tuple[Event, ...] = ()
    if kind:
        length = max(1, round(video.n_frames * float(rng.choice(shares))))
        start = int(rng.integers(video.n_frames - length + 1))
        events = ((start, start + length),)
    return Planted(
        name=split_path(video.name)[1], n_frames=video.n_frames, part="train", kind=kind,
        label=kind or "normal", events=events,
    )  # fmt: skip


def mislabelled(videos: Sequence[Planted], share: float, rng: np.random.Generator) -> list[Planted]:
    """That share of the training videos, drawn anew, is called what it is not."""
    learnt = [place for place, video in enumerate(videos) if video.part == "train"]
    kinds = sorted({video.kind for video in videos if video.kind})
    wrong = set(rng.choice(learnt, size=round(share * len(learnt)), replace=False).tolist())
    return [
        replace(video, label="normal" if video.kind else str(rng.choice(kinds)))
        if place in wrong
        else video
        for place, video in enumerate(videos)
    ]


class World:
    """What anomalies look like: (C, D) directions, drawn by the seed."""

    def __init__(self, kinds: Sequence[str], dimension: int, signal: float, seed: int) -> None:
        self.kinds = list(kinds)
        self.signal = signal
        self.seed = seed
        drawn = np.random.default_rng((seed, 0)).standard_normal((len(kinds) + 1, dimension))
        unit = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        directions = unit[0] + unit[1:]
        self.directions = directions / np.linalg.norm(directions, axis=1, keepdims=True)

    def features(self, video: Planted, place: int) -> NDArray[np.float32]:
        """(T, D) of the video at this place of the list: the same whenever it is asked."""
        rng = np.random.default_rng((self.seed, 1, place))
        dimension = self.directions.shape[1]
        rows = rng.standard_normal((video.n_rows, dimension), dtype=np.float32)
        rows += SCENE * rng.standard_normal(dimension, dtype=np.float32)
        if video.kind:
            planted = self.signal * self.directions[self.kinds.index(video.kind)]
            rows[video.is_event] += planted.astype(np.float32)
        return rows * np.float32(SIZE)

    def likelihood(self, rows: NDArray[np.floating]) -> Floats:
        """(T,): log of how much likelier each row is in an event of any class than outside."""
        along = (rows.astype(np.float64) / SIZE) @ self.directions.T
        logs = (self.signal * along - self.signal**2 / 2) / SPREAD**2
        highest = logs.max(axis=1, keepdims=True)
        return np.asarray(
            (highest + np.log(np.exp(logs - highest).mean(axis=1, keepdims=True)))[:, 0]
        )


def write(world: World, videos: Sequence[Planted], folder: Path) -> None:
    """`NAME.npy` for each, float16; what is there stays. By all cores."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
        saved = partial(_save, world, folder)
        list(pool.map(saved, range(len(videos)), videos, chunksize=16))


def _save(world: World, folder: Path, place: int, video: Planted) -> None:
    path = folder / f"{video.name}.npy"
    if not path.exists():
        np.save(path, world.features(video, place).astype(np.float16))


def of_bags(logs: Floats, length: int) -> Floats:
    """(T,): log of the mean likelihood of each bag of `length` rows, shared by its rows."""
    found = np.empty_like(logs)
    for first in range(0, len(logs), length):
        bag = logs[first : first + length]
        found[first : first + length] = bag.max() + np.log(np.exp(bag - bag.max()).mean())
    return found


def optimum(
    world: World, videos: Sequence[Planted], folder: Path, windows: Sequence[int], bags: int
) -> dict[str, float]:
    """AUROC of the test frames by the likelihood of rows alone, its mean over windows, and bags.

    The last is what a method can reach that has one score for all rows of a bag.
    """
    tested = [video for video in videos if video.part == "test"]
    logs = [world.likelihood(np.load(folder / f"{video.name}.npy")) for video in tested]
    labels = np.concatenate([video.frame_labels for video in tested])

    def reached(rule: Callable[[Floats], Floats]) -> float:
        pairs = zip(logs, tested, strict=True)
        return auroc(
            labels, np.concatenate([of_frames(rule(each), video.n_frames) for each, video in pairs])
        )

    found = {"row alone": reached(lambda values: values)}
    for window in windows:
        found[f"{window} rows"] = reached(partial(moving_mean, window=window))
    return found | {f"bags of {bags} rows": reached(partial(of_bags, length=bags))}


def moving_mean(values: Floats, window: int) -> Floats:
    """(T,) over `window` rows around each, fewer at the ends."""
    summed = np.concatenate([[0.0], np.cumsum(values)])
    places = np.arange(len(values))
    first = np.maximum(0, places - window // 2)
    last = np.minimum(len(values), places - window // 2 + window)
    return np.asarray((summed[last] - summed[first]) / (last - first))


def of_frames(values: Floats, n_frames: int) -> Floats:
    """(n_frames,): frames after the last row share its score."""
    places = np.minimum(np.arange(n_frames) // FRAMES_PER_ROW, len(values) - 1)
    return values[places]


def save_lists(videos: Sequence[Planted], folder: Path, name: str) -> tuple[Path, Path]:
    """The list of videos with what training is told, and the events of the test videos."""
    listed, events = folder / f"{name}.csv", folder / f"{name}-events.csv"
    with listed.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["name", "n_frames", "label", "part"])
        table.writerows([each.name, each.n_frames, each.label, each.part] for each in videos)
    with events.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["video", "start_frame", "end_frame", "label"])
        for video in videos:
            if video.part == "test":
                table.writerows([video.name, *row, video.kind] for row in video.events)
                if not video.events:
                    table.writerow([video.name, "", "", ""])
    return listed, events

"""An event in seconds, on the clocks that real recordings have."""

from __future__ import annotations

import functools
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from benchmarks.door import _writers as writers
from benchmarks.door._base import Brought, Case, kind
from benchmarks.door._doors import clip, surveyed, truth_of
from ml.data.truth.videos import KnownVideo
from tests.recorders import joined, recording


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A recording, an event in it by its player's clock, and the frames that this is."""

    name: str
    make: Callable[[Path], object]  # below a folder
    file: str
    start: float
    end: float
    frames: tuple[int, int]
    seconds: float  # how long a player shows it


ONE_AT_A_TIME = threading.Lock()


def _bursts(first_seconds: list[float], n_frames: int, rate: int) -> list[float]:
    return [start + k / rate for start in first_seconds for k in range(n_frames)]


def _made(file: str, n_frames: int, **facts: object) -> Callable[[Path], object]:
    return lambda folder: recording(folder / file, n_frames, **facts)  # type: ignore[arg-type]


def _joined(file: str, n_segments: int, n_frames: int, rate: int) -> Callable[[Path], object]:
    def make(folder: Path) -> object:
        with tempfile.TemporaryDirectory() as home:
            paths = [Path(home) / f"{number}.ts" for number in range(n_segments)]
            segments = [recording(path, n_frames, format="mpegts", rate=rate) for path in paths]
            return joined(folder / file, *segments)

    return make


NIGHT = [k / 25 for k in range(100)] + [4 + k / 5 for k in range(100)]
CLOCKS = (
    Clock(
        name="25/s", file="even.mp4", make=_made("even.mp4", 250),
        start=2.4, end=7.2, frames=(60, 180), seconds=10.0,
    ),
    Clock(  # 5 s is frame 98.1, 10 s is 196.2
        name="19.62/s", file="odd.mp4", make=_made("odd.mp4", 300, rate=Fraction(981, 50)),
        start=5.0, end=10.0, frames=(98, 196), seconds=300 / 19.62,
    ),
    Clock(  # 4 s is frame 95.9, 12 s is 287.7
        name="23.976/s", file="film.mkv", make=_made("film.mkv", 360, rate=Fraction(24000, 1001)),
        start=4.0, end=12.0, frames=(96, 288), seconds=360 * 1001 / 24000,
    ),
    Clock(  # 5 s is frame 149.85, 13 s is 389.6
        name="29.97/s", file="tv.mp4", make=_made("tv.mp4", 450, rate=Fraction(30000, 1001)),
        start=5.0, end=13.0, frames=(150, 390), seconds=450 * 1001 / 30000,
    ),
    Clock(  # the second burst begins with frame 120 at 45 s
        name="two bursts, MP4", file="bursts.mp4",
        make=_made("bursts.mp4", 240, rate=20, times=_bursts([0, 45], 120, 20)),
        start=46.0, end=49.0, frames=(140, 200), seconds=51.0,
    ),
    Clock(  # the second of three bursts begins with frame 50 at 100 s
        name="three bursts, Matroska", file="bursts.mkv",
        make=_made("bursts.mkv", 150, rate=10, times=_bursts([0, 100, 200], 50, 10)),
        start=101.0, end=104.0, frames=(60, 90), seconds=205.0,
    ),
    Clock(  # 10 s is 6 s into the night
        name="25/s by day, 5/s by night", file="night.mp4",
        make=_made("night.mp4", 200, times=NIGHT),
        start=10.0, end=14.0, frames=(130, 150), seconds=24.0,
    ),
    Clock(
        name="picture 2 s after the sound, MP4", file="late.mp4",
        make=_made("late.mp4", 150, start=2.0, sound_seconds=8.0),
        start=3.0, end=5.0, frames=(25, 75), seconds=8.0,
    ),
    Clock(
        name="picture 1.5 s after the sound, Matroska", file="late.mkv",
        make=_made("late.mkv", 150, start=1.5, sound_seconds=7.5),
        start=2.5, end=4.5, frames=(25, 75), seconds=7.5,
    ),
    Clock(  # the second segment begins with frame 150 at 6 s
        name="two TS joined", file="twice.ts", make=_joined("twice.ts", 2, 150, 25),
        start=7.0, end=9.0, frames=(175, 225), seconds=12.0,
    ),
    Clock(  # the third segment begins with frame 180 at 6 s
        name="three TS joined", file="thrice.ts", make=_joined("thrice.ts", 3, 90, 30),
        start=6.5, end=8.0, frames=(195, 240), seconds=9.0,
    ),
    Clock(
        name="time lapse, one picture in 2 s", file="lapse.mkv",
        make=_made("lapse.mkv", 40, rate=Fraction(1, 2)),
        start=20.0, end=40.0, frames=(10, 20), seconds=80.0,
    ),
)  # fmt: skip


def _recorded() -> dict[str, KnownVideo]:
    """Each recording as an import knows it, once for all cases that come at the same time."""
    with ONE_AT_A_TIME:
        return _imported()


@functools.cache
def _imported() -> dict[str, KnownVideo]:
    """By the name of the clock: its frames and their times."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home) / "data"
        folder.mkdir()
        for each in CLOCKS:
            each.make(folder)
        found = surveyed(folder, Path(home) / "out").videos
        by_path = {each["path"]: each for each in found.values()}
        return {clock.name: _known(clock.file, by_path[clock.file]) for clock in CLOCKS}


def _known(file: str, found: dict) -> KnownVideo:
    return clip(file, found["n_frames"], found["fps"], times=np.load(found["pts"]))


def _case(clock: Clock, format: str, write: writers.Writer) -> Case:
    def bring(folder: Path) -> Brought:
        file, text = write(clock.file, [(clock.start, clock.end, "fall")])
        (folder / file).write_text(text)
        return truth_of(folder / file, [_recorded()[clock.name]])

    right = {clock.file: [(*clock.frames, "fall")]}
    return Case(name=f"{format}, {clock.name}", right=right, bring=bring)


@kind("times on the clocks of recordings")
def cases() -> Iterator[Case]:
    for clock in CLOCKS:
        for format, write in writers.IN_SECONDS.items():
            yield _case(clock, format, write)
        boxes = functools.partial(writers.label_studio_boxes, rate=24.0, duration=clock.seconds)
        yield _case(clock, "Label Studio, boxes at 24/s", boxes)

"""Folders of pictures as extractors, cameras and people leave them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._doors import Surveyed, dataset, tested

N = 30
EVENT = "start_frame,end_frame,label\n10,20,fall\n"
RIGHT = {"test/x": (N, [(10, 20, "fall")])}
Make = Callable[[Path], object]


def picture(path: Path, shade: int, size: tuple[int, int] = (24, 16)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (shade * 8 % 256,) * 3).save(path)


def folder(home: Path, names: Sequence[str], truth: str = EVENT) -> None:
    """Two normal pictures to train on, and the clip `test/x`, picture k of shade k."""
    for number in range(2):
        picture(home / f"train/a/{number}.png", 25 + number)
    for shade, name in enumerate(names):
        picture(home / "test/x" / name, shade)
    (home / "test/x.csv").write_text(truth)


def case(name: str, names: Sequence[str], right: Any = RIGHT, **facts: Any) -> Case:
    make = functools.partial(folder, names=names, **facts)
    return Case(name=name, right=right, bring=dataset(make, tested))


@kind("folders of pictures: names")
def names() -> Iterator[Case]:
    numbers = range(N)
    for name, made in (
        ("padded, from 0", [f"{at:04}.png" for at in numbers]),
        ("padded, from 1", [f"{at + 1:04}.png" for at in numbers]),
        ("not padded", [f"{at}.png" for at in numbers]),
        ("words in front", [f"frame_{at + 1:06}.jpg" for at in numbers]),
        ("as FFmpeg counts", [f"out-{at + 1:03}.png" for at in numbers]),
        ("camera and frame", [f"cam12_{at:04}.png" for at in numbers]),
        ("date and frame", [f"20240501_{at:04}.png" for at in numbers]),
        ("frame of how many", [f"{at + 1:03}_of_{N:03}.png" for at in numbers]),
        ("behind the number", [f"{at:04}_rgb.png" for at in numbers]),
        ("capital endings", [f"IMG_{at + 1:04}.JPG" for at in numbers]),
        ("mixed endings", [f"{at:04}.{'png' if at % 2 else 'jpg'}" for at in numbers]),
        ("bmp", [f"{at:04}.bmp" for at in numbers]),
        ("tif", [f"{at:03}.tif" for at in numbers]),
        ("webp", [f"{at:04}.webp" for at in numbers]),
        ("from 9995 on", [f"{at + 9995}.png" for at in numbers]),
        ("with brackets", [f"frame ({at + 1}).png" for at in numbers]),
        ("scene and frame", [f"scene1_shot2_{at:03}.png" for at in numbers]),
        ("two numbers that count alike", [f"{at:04}_{at * 40:06}.png" for at in numbers]),
        ("Japanese", [f"画像_{at:04}.png" for at in numbers]),
    ):
        yield case(name, made)
    for name, made in (
        ("cut out of a longer count", [f"{at + 100:04}.png" for at in numbers]),
        ("every 5th number", [f"{at * 5:04}.png" for at in numbers]),
        ("one is missing", [f"{at:04}.png" for at in (*range(12), *range(13, N + 1))]),
        ("three are missing at the front of the event",
         [f"{at:04}.png" for at in (*range(7), *range(10, N + 3))]),
        ("a count that wraps", [f"{(at + 9985) % 10000:04}.png" for at in numbers]),
        ("two series", [f"{'ab'[at // 15]}_{at % 15:03}.png" for at in numbers]),
        ("two series of one count", [f"{'ab'[at // 15]}_{at:03}.png" for at in numbers]),
        ("a copy of one", [*[f"{at:04}.png" for at in numbers], "0012 (1).png"]),
        ("a copy of one, by another word", [*[f"{at:04}.png" for at in numbers], "0012 copy.png"]),
        ("padded and not padded", [*[f"{at:04}.png" for at in numbers], "7.png"]),
        ("several cuts of each frame", [f"{at // 3:03}_{at % 3}.png" for at in numbers]),
        ("letters", [f"{chr(97 + at // 26)}{chr(97 + at % 26)}.png" for at in numbers]),
        ("hexadecimal", [f"f{at:04x}.png" for at in numbers]),
        ("hashes", [f"{at * 2654435761 % 2**32:08x}.png" for at in numbers]),
    ):  # fmt: skip
        yield case(name, made, NOBODY_KNOWS if name != "two series of one count" else RIGHT)


@kind("folders of pictures: strangers")
def strangers() -> Iterator[Case]:
    plain = [f"{at:04}.png" for at in range(N)]
    for name, others in (
        ("a background", ["background.png"]),
        ("a cover and a map", ["cover.jpg", "depth_map.png"]),
        ("masks with the same numbers", [f"{at:04}_mask.png" for at in range(N)]),
        ("each as JPEG, too", [f"{at:04}.jpg" for at in range(N)]),
        ("thumbnails of some", ["thumb_0001.png", "thumb_0002.png"]),
        ("an average", ["mean_of_30.png"]),
    ):
        yield case(name, [*plain, *others])
    for name, files in (
        ("files of systems", {"Thumbs.db": b"\0", ".DS_Store": b"\0", "desktop.ini": b"[x]"}),
        ("forks of macOS", {f"._{at:04}.png": b"\0\5\x16\7" for at in range(N)}),
        ("boxes of a detector", {f"{at:04}.txt": b"0 0.5 0.5 0.1 0.2\n" for at in range(N)}),
        ("shapes of LabelMe", {f"{at:04}.json": b'{"shapes": []}' for at in range(N)}),
    ):
        yield Case(name=name, right=RIGHT, bring=dataset(_with(plain, files), tested))
    harms: Sequence[tuple[str, Callable[[Path], Any]]] = (
        ("a picture of another size", lambda path: picture(path, 3, (32, 16))),
        ("a picture of another way round", lambda path: picture(path, 3, (16, 24))),
        ("an empty picture", lambda path: path.write_bytes(b"")),
        ("a picture that is cut off", lambda path: path.write_bytes(path.read_bytes()[:60])),
        ("a web page for a picture", lambda path: path.write_bytes(b"<html>404</html>")),
    )
    for name, harm in harms:
        yield Case(name=name, right=NOBODY_KNOWS, bring=dataset(_harmed(plain, harm), tested))


def _with(names: Sequence[str], others: dict[str, bytes]) -> Make:
    def make(home: Path) -> None:
        folder(home, names)
        for name, data in others.items():
            (home / "test/x" / name).write_bytes(data)

    return make


def _harmed(names: Sequence[str], harm: Callable[[Path], Any]) -> Make:
    def make(home: Path) -> None:
        folder(home, names)
        harm(home / "test/x" / names[12])

    return make


def _clock(found: Surveyed) -> Any:
    """Frames, seconds between the first two and where the event lies."""
    video = found.videos["test/x"]
    times = np.load(video["pts"]) if video["status"] == "ready" else np.zeros(2)
    return len(times), round(float(times[1] - times[0]), 3), found.truth.get("test/x", [])


@kind("folders of pictures: times as names")
def times() -> Iterator[Case]:
    """Two pictures a second, an event from 5 to 10 s: the pictures 10 to 19."""
    begin = datetime(2024, 5, 1, 10, 0, 0, tzinfo=UTC)
    moments = [begin + timedelta(seconds=at / 2) for at in range(N)]
    seconds = "start_seconds,end_seconds,label\n5,10,fall\n"
    parts = [f"{moment.microsecond // 1000:03}" for moment in moments]
    both = list(zip(moments, parts, strict=True))
    for name, made, is_clock in (
        ("date and time", [f"{m:%Y-%m-%d_%H-%M-%S}.{ms}" for m, ms in both], 1),
        ("compact", [f"{m:%Y%m%d%H%M%S}{ms}" for m, ms in both], 1),
        ("compact with a T", [f"{m:%Y%m%dT%H%M%S}.{m.microsecond:06}" for m in moments], 1),
        ("a camera in front", [f"cam3_{m:%Y%m%d_%H%M%S}_{ms}" for m, ms in both], 1),
        ("seconds since 1970", [f"{m.timestamp():.3f}" for m in moments], 1),
        ("milliseconds since 1970", [f"{m.timestamp() * 1000:.0f}" for m in moments], 1),
        ("microseconds since 1970", [f"{m.timestamp() * 1e6:.0f}" for m in moments], 1),
        ("nanoseconds since 1970", [f"{int(m.timestamp() * 2) * 500_000_000}" for m in moments], 1),
        ("frame and time",
         [f"{at:03}_{m:%H-%M-%S}.{ms}" for at, (m, ms) in enumerate(both)], 1),
        ("seconds with a point", [f"{at / 2:07.3f}" for at in range(N)], 1),
        ("whole seconds, two of each",
         [f"{m:%Y%m%d_%H%M%S}_{at % 2}" for at, m in enumerate(moments)], 0),
        ("milliseconds from the start", [f"{at * 500:06}" for at in range(N)], 0),
    ):  # fmt: skip
        make = functools.partial(folder, names=[f"{each}.png" for each in made], truth=seconds)
        right = (N, 0.5, [(10, 20, "fall")]) if is_clock else NOBODY_KNOWS
        yield Case(name=name, right=right, bring=dataset(make, _clock))

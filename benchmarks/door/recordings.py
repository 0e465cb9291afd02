"""Recordings under all their endings, and with what recorders lose, hide and promise."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._doors import dataset, tested
from tests import hostile
from tests.recorders import avi_with_drops, joined, recording

Make = Callable[[Path], object]
N = 50  # at 25 per second
SECONDS = "start_seconds,end_seconds,label\n0.4,0.8,fall\n"
EVENT = [(10, 20, "fall")]
H264, MPEG4, MPEG2 = "libx264", "mpeg4", "mpeg2video"
ENDINGS = (
    ("mp4", "mp4", H264), ("MP4", "mp4", H264), ("m4v", "mp4", H264), ("mov", "mov", H264),
    ("qt", "mov", H264), ("3gp", "3gp", H264), ("3g2", "3g2", H264), ("f4v", "f4v", H264),
    ("mkv", "matroska", H264), ("mk3d", "matroska", H264), ("webm", "webm", "libvpx"),
    ("avi", "avi", MPEG4), ("divx", "avi", MPEG4), ("asf", "asf", "msmpeg4v3"),
    ("wmv", "asf", "wmv2"), ("flv", "flv", "flv1"), ("ts", "mpegts", H264), ("mts", "mpegts", H264),
    ("m2ts", "mpegts", H264), ("trp", "mpegts", H264), ("mpg", "mpeg", MPEG2),
    ("vob", "vob", MPEG2), ("mod", "mpeg", MPEG2), ("m2p", "mpeg", MPEG2), ("mxf", "mxf", MPEG2),
    ("h264", "h264", H264), ("264", "h264", H264),
    ("avc", "h264", H264), ("hevc", "hevc", "libx265"), ("265", "hevc", "libx265"),
    ("y4m", "yuv4mpegpipe", "wrapped_avframe"),
    ("ivf", "ivf", "libvpx"), ("dat", "mpeg", MPEG2), ("nut", "nut", MPEG4), ("", "mp4", H264),
)  # fmt: skip


def _train(home: Path) -> None:
    recording(home / "train/a.mp4", 5)


def _clip(home: Path, ending: str, format: str, codec: str) -> None:
    _train(home)
    path = home / f"test/x.{ending}".rstrip(".")
    recording(path, N, format=format, codec=codec)
    (home / "test/x.csv").write_text(SECONDS)


@kind("endings of recordings")
def endings() -> Iterator[Case]:
    for ending, format, codec in ENDINGS:
        make = functools.partial(_clip, ending=ending, format=format, codec=codec)
        right = {"test/x": (N, EVENT)}
        yield Case(name=f".{ending}", right=right, bring=dataset(make, tested))
    for name, ending, format, codec in (
        ("TS called .mp4", "mp4", "mpegts", H264),
        ("MP4 called .avi", "avi", "mp4", H264),
        ("AVI called .mp4", "mp4", "avi", MPEG4),
        ("Matroska called .mp4", "mp4", "matroska", H264),
    ):
        make = functools.partial(_clip, ending=ending, format=format, codec=codec)
        yield Case(name=name, right={"test/x": (N, EVENT)}, bring=dataset(make, tested))


def _case(name: str, make: Callable[[Path], object], right: Any, truth: str = SECONDS) -> Case:
    def whole(home: Path) -> None:
        _train(home)
        (home / "test").mkdir()
        make(home / "test/x.avi")
        (home / "test/x.csv").write_text(truth)

    return Case(name=name, right=right, bring=dataset(whole, tested))


@kind("AVI with dropped pictures")
def drops() -> Iterator[Case]:
    """100 places at 25/s, an event from 2 to 3 s: the places 50 to 74."""
    seconds = "start_seconds,end_seconds,label\n2,3,fall\n"
    for name, dropped, n_frames, event in (
        ("none", range(0), 100, (50, 75)),
        ("ten in the middle", range(20, 30), 90, (40, 65)),
        ("the first ten", range(10), 90, (40, 65)),
        ("the last twenty", range(80, 100), 80, (50, 75)),
        ("ten inside the event", range(55, 65), 90, (50, 65)),
        ("every fourth", range(3, 100, 4), 75, (38, 57)),
        ("the whole event", range(45, 80), 65, None),
    ):
        right = (n_frames, [(*event, "fall")]) if event else NOBODY_KNOWS
        make = functools.partial(avi_with_drops, dropped=dropped)
        expected = {"test/x": right} if event else NOBODY_KNOWS
        yield _case(name, make, expected, seconds)
    make = functools.partial(avi_with_drops, dropped=range(0), n_places=60, promised=100)
    yield _case("a header that promises 100 of 60", make, {"test/x": (60, EVENT)})
    frames = "start_frame,end_frame,label\n40,65,fall\n"
    make = functools.partial(avi_with_drops, dropped=range(20, 30))
    yield _case("labels by picture", make, {"test/x": (90, [(40, 65, "fall")])}, frames)


@kind("recordings that hide, lose or join something")
def odd() -> Iterator[Case]:
    ten = "start_seconds,end_seconds,label\n1,2,fall\n"  # at 10/s
    later = "start_seconds,end_seconds,label\n2.4,2.8,fall\n"  # in the second of two
    second = {"test/x": (100, [(60, 70, "fall")])}
    for name, make, right, truth in (
        ("an edit list that hides 25 of 60", _as("mp4", lambda path: hostile.cut_by_edit_list(
            path, n_frames=60, n_hidden=25)), {"test/x": (35, [(10, 20, "fall")])}, ten),
        ("an MP4 that is cut off", _as("mp4", hostile.cut_off), NOBODY_KNOWS, ten),
        ("an MP4 without its index", _as("mp4", hostile.without_index), NOBODY_KNOWS, ten),
        ("noise in the middle", _as("mp4", hostile.damaged), NOBODY_KNOWS, ten),
        ("an empty file", _as("mp4", hostile.empty), NOBODY_KNOWS, ten),
        ("a text", _as("mp4", hostile.text), NOBODY_KNOWS, ten),
        ("a pointer of Git LFS", _as("mp4", hostile.lfs_pointer), NOBODY_KNOWS, ten),
        ("two MP4 joined byte by byte", _as("mp4", _two("mp4")), NOBODY_KNOWS, SECONDS),
        ("two AVI joined byte by byte", _as("avi", _two("avi")), second, later),
        ("two MPEG joined byte by byte", _as("mpg", _two("mpg")), second, later),
        ("TS of two sizes joined", _as("ts", _sizes), NOBODY_KNOWS, SECONDS),
        ("TS that begins at 1000 s", _as("ts", lambda path: recording(
            path, N, format="mpegts", start=1000.0)), {"test/x": (N, EVENT)}, SECONDS),
        ("B-frames in AVI", lambda path: recording(path, N, codec=MPEG4, b_frames=2),
         {"test/x": (N, EVENT)}, SECONDS),
        ("a single frame", _as("mp4", lambda path: recording(path, 1)), NOBODY_KNOWS, SECONDS),
        ("50 to the second", _as("mp4", lambda path: recording(path, N, rate=50)),
         {"test/x": (N, [(20, 40, "fall")])}, SECONDS),
        ("12.5 to the second", _as("mp4", lambda path: recording(path, N, rate=Fraction(25, 2))),
         {"test/x": (N, [(5, 10, "fall")])}, SECONDS),
    ):  # fmt: skip
        yield _case(name, make, right, truth)


def _as(ending: str, make: Make) -> Make:
    return lambda path: make(path.with_suffix(f".{ending}"))


def _two(ending: str) -> Make:
    def make(path: Path) -> None:
        codec = {"avi": MPEG4, "mpg": MPEG2}.get(ending, H264)
        parts = [path.parent.parent.parent / f"{name}.{ending}" for name in "ab"]
        joined(path, *(recording(part, N, codec=codec) for part in parts))

    return make


def _sizes(path: Path) -> None:
    home = path.parent.parent.parent
    first = recording(home / "a.ts", N, format="mpegts")
    joined(path, first, recording(home / "b.ts", N, format="mpegts", size=(128, 96)))

"""Scores that stand for several frames, and files of one video each."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._site import frame_scores

LABELS = {"a": [0] * 16 + [1] * 16 + [0] * 18, "b": [0] * 32}  # 50 and 32 frames
SEGMENT = {"unit": "segment", "frames_per_value": 16}
Frames = dict[str, list[float | None]]


def case(name: str, data: str | bytes, right: Any, **layout: Any) -> Case:
    return Case(name=name, right=right, bring=frame_scores(LABELS, data, **layout))


def _spread(a: Sequence[tuple[float | None, int]], b: Sequence[tuple[float | None, int]]) -> Frames:
    """Scores with the number of frames that each stands for."""
    return {
        name: [score for score, n_frames in runs for _ in range(n_frames)]
        for name, runs in (("a", a), ("b", b))
    }


@kind("scores: segments and tails")
def segments() -> Iterator[Case]:
    four = _spread([(0.1, 16), (0.9, 16), (0.2, 16), (0.3, 2)], [(0.4, 16), (0.5, 16)])
    last = _spread([(0.1, 16), (0.9, 16), (0.2, 18)], [(0.4, 16), (0.5, 16)])
    none = _spread([(0.1, 16), (0.9, 16), (0.2, 16), (None, 2)], [(0.4, 16), (0.5, 16)])
    full = {"a": [0.1, 0.9, 0.2, 0.3], "b": [0.4, 0.5]}
    short = {"a": [0.1, 0.9, 0.2], "b": [0.4, 0.5]}
    for name, given, layout, right in (
        ("a score for the rest", full, SEGMENT, four),
        ("none for the rest", short, SEGMENT, NOBODY_KNOWS),
        ("none for the rest, it shares the last", short, SEGMENT | {"tail": "last"}, last),
        ("none for the rest, it has none", short, SEGMENT | {"tail": "none"}, none),
        ("one too many", full | {"b": [0.4, 0.5, 0.6]}, SEGMENT, NOBODY_KNOWS),
        ("one too few", {"a": [0.1, 0.9], "b": [0.4, 0.5]}, SEGMENT, NOBODY_KNOWS),
        ("not said that they are segments", full, {}, NOBODY_KNOWS),
        ("said to be of 8 frames", full, SEGMENT | {"frames_per_value": 8}, NOBODY_KNOWS),
        ("one score for each video", {"a": [0.7], "b": [0.2]}, {"unit": "clip"},
         _spread([(0.7, 50)], [(0.2, 32)])),
        ("equal parts", {"a": [0.1, 0.9], "b": [0.4, 0.5]}, {"unit": "equal_segments"},
         _spread([(0.1, 25), (0.9, 25)], [(0.4, 16), (0.5, 16)])),
    ):  # fmt: skip
        yield case(name, json.dumps(given), right, **layout)
    yield from _tables(four)
    yield from _windows()


def _tables(four: Frames) -> Iterator[Case]:
    values = {"a": [0.1, 0.9, 0.2, 0.3], "b": [0.4, 0.5]}
    given = [(name, at, score) for name, each in values.items() for at, score in enumerate(each)]
    numbered = [(name, at + 1, score) for name, at, score in given]
    starts = [(name, 16 * at, score) for name, at, score in given]
    for name, head, rows in (
        ("numbers of segments", "video,segment,score", given),
        ("numbers of segments from 1", "video,segment,score", numbered),
        ("segments backwards", "video,segment,score", given[::-1]),
        ("snippets", "video,snippet_idx,score", given),
        ("first frames", "video,start_frame,score", starts),
        ("first frames from 1", "video,start_frame,score", [(v, at + 1, s) for v, at, s in starts]),
        ("a column frame with first frames", "video,frame,score", starts),
        ("a column frame with numbers", "video,frame,score", given),
        ("first and last frames", "video,start_frame,end_frame,score",
         [(v, 16 * at, min(16 * at + 16, len(LABELS[v])), s) for v, at, s in given]),
        ("first and last frames, inclusive", "video,start_frame,end_frame,score",
         [(v, 16 * at, min(16 * at + 15, len(LABELS[v]) - 1), s) for v, at, s in given]),
    ):  # fmt: skip
        text = head + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
        yield case(f"table, {name}", text, four, **SEGMENT)
    rows = [(v, 8 * at, 8 * at + 16, 0.1) for v, n in (("a", 5), ("b", 3)) for at in range(n)]
    text = "video,start,end,score\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    yield case("table, windows that overlap", text, NOBODY_KNOWS, **SEGMENT)
    rows = [(v, 15 * at, 15 * at + 15, s) for v, at, s in given]
    text = "video,start,end,score\n" + "".join(",".join(map(str, row)) + "\n" for row in rows)
    yield case("table, of 15 frames", text, NOBODY_KNOWS, **SEGMENT)


def _windows() -> Iterator[Case]:
    """Scores of frames from the fourth on, or without the last, as windows give them."""
    whole = {"a": [at / 100 for at in range(50)], "b": [at / 50 for at in range(32)]}
    for name, first, last in (("the first 4", 4, 0), ("the last 7", 0, 7), ("both", 3, 4)):
        cut = {video: values[first : len(values) - last] for video, values in whole.items()}
        right = {video: [None] * first + values + [None] * last for video, values in cut.items()}
        yield case(f"without {name}, not said", json.dumps(cut), NOBODY_KNOWS)
        layout = {"first_frame": first, "missing_at_end": last}
        yield case(f"without {name}, said", json.dumps(cut), right, **layout)
        stated = {video: {"scores": values, **layout} for video, values in cut.items()}
        yield case(f"without {name}, said in the file", json.dumps(stated), right)
        nulls = {video: [None] * first + values + [None] * last for video, values in cut.items()}
        yield case(f"null for {name}", json.dumps(nulls), NOBODY_KNOWS)
        yield case(f"null for {name}, allowed", json.dumps(nulls), right, missing="allowed")


@kind("scores: archives")
def archives() -> Iterator[Case]:
    a, b = [at / 100 for at in range(50)], [at / 50 for at in range(32)]
    right = {"a": [round(each, 6) for each in a], "b": [round(each, 6) for each in b]}
    tables = {f"{name}.csv": _text(values) for name, values in (("a", a), ("b", b))}
    for name, files, expected in (
        ("npy", {"a.npy": _npy(a), "b.npy": _npy(b)}, right),
        ("npy in a folder", {"scores/a.npy": _npy(a), "scores/b.npy": _npy(b)}, right),
        ("npy named after videos", {"a.mp4.npy": _npy(a), "b.mp4.npy": _npy(b)}, right),
        ("text", {"a.txt": _text(a), "b.txt": _text(b)}, right),
        ("tables", tables, right),
        ("JSON", {"a.json": json.dumps(a).encode(), "b.json": json.dumps(b).encode()}, right),
        ("leftovers of macOS", {"a.npy": _npy(a), "b.npy": _npy(b), "__MACOSX/._a.npy": b"\0\5",
                                ".DS_Store": b"\0\0\0\1Bud1"}, right),
        ("a readme", {"a.npy": _npy(a), "b.npy": _npy(b), "README.md": b"model 3\n"}, NOBODY_KNOWS),
        ("two kinds of one video", {"a.npy": _npy(a), "b.npy": _npy(b), "a.txt": _text(a)},
         NOBODY_KNOWS),
        ("swapped", {"a.npy": _npy(b), "b.npy": _npy(a)}, NOBODY_KNOWS),
        ("suffixes", {"a_scores.npy": _npy(a), "b_scores.npy": _npy(b)}, NOBODY_KNOWS),
        ("a stranger", {"a.npy": _npy(a), "b.npy": _npy(b), "c.npy": _npy(b)}, NOBODY_KNOWS),
    ):  # fmt: skip
        yield case(name, _zip(files), expected)
    whole = _zip({"a.npy": _npy(a), "b.npy": _npy(b)})
    yield case("cut off", whole[:-30], NOBODY_KNOWS)
    yield case(
        "a byte changed", whole[:150] + bytes([whole[150] ^ 255]) + whole[151:], NOBODY_KNOWS
    )


def _text(values: Sequence[float]) -> bytes:
    return "".join(f"{value}\n" for value in values).encode()


def _npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, np.asarray(values))
    return file.getvalue()


def _zip(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()

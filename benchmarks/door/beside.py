"""Manifests, and labels that lie beside clips, in many ways at once."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.door._base import NOBODY_KNOWS, Case, kind
from benchmarks.door._doors import dataset, tested

N = 30
RIGHT = {"test/01": (N, [(10, 20, "fall")]), "test/02": (N, [])}
Make = Callable[[Path], object]


def clips(home: Path, names: Sequence[str]) -> None:
    for at, name in enumerate(("train/a", *names)):
        (home / name).mkdir(parents=True)
        for number in range(N if at else 3):
            shade = (at * 50 + number, number * 5, 99)
            Image.new("RGB", (16, 12), shade).save(home / name / f"{number:03}.png")


def _make(files: Mapping[str, str | bytes], names: Sequence[str] = ("test/01", "test/02")) -> Make:
    def make(home: Path) -> None:
        clips(home, names)
        for name, data in files.items():
            path = home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data if isinstance(data, bytes) else data.encode())

    return make


def _manifest(name: str, rows: str, right: Any = RIGHT, file: str = "manifest.csv") -> Case:
    return Case(name=name, right=right, bring=dataset(_make({file: rows}), tested))


HEAD = "name,part,label,intervals\ntrain/a,train,normal,\n"


@kind("manifests")
def manifests() -> Iterator[Case]:
    none = "test/02,test,normal,\n"
    two = {"test/01": (N, [(10, 20, "fall"), (25, 28, "run")]), "test/02": (N, [])}
    for name, cell, right in (
        ("as documented", "10:20", RIGHT),
        ("with a class", "10:20:fall", RIGHT),
        ("two", "10:20;25:28:run", two),
        ("two, spaces", " 10 : 20 ; 25 : 28 : run ; ", two),
        ("one of them normal", "0:10:normal;10:20", RIGHT),
        ("one of them 正常", "0:10:正常;10:20;20:30:異常なし", RIGHT),
        ("floats", "10.0:20.0", RIGHT),
        ("a dash", "10-20", NOBODY_KNOWS),
        ("brackets", '"[10, 20]"', NOBODY_KNOWS),
        ("commas between", '"10:20,25:28"', NOBODY_KNOWS),
        ("as Excel writes times", "10:20:00", NOBODY_KNOWS),
        ("as Excel counts minutes over", "2:15:00", NOBODY_KNOWS),  # of 1:75
        ("seconds", "0.4s:0.8s", NOBODY_KNOWS),
        ("halves", "10.5:20.5", NOBODY_KNOWS),
        ("end before start", "20:10", NOBODY_KNOWS),
        ("past the end", "10:35", NOBODY_KNOWS),
        ("overlapping", "10:20;15:25:run", NOBODY_KNOWS),
        ("a start alone", "10:", NOBODY_KNOWS),
        ("none of an abnormal clip", "", NOBODY_KNOWS),
    ):
        rows = f"{HEAD}test/01,test,fall,{cell}\n{none}"
        yield _manifest(f"intervals, {name}", rows, right)
    row = "test/01,test,fall,10:20\n"
    for name, rows in {
        "semicolons": (HEAD + row + none).replace(",", ";"),
        "tabs": (HEAD + row + none).replace(",", "\t"),
        "UTF-16": (HEAD + row + none).encode("utf-16").decode("latin-1"),
        "Windows paths": (HEAD + row + none).replace("/", "\\"),
        "endings": HEAD + row.replace("test/01", "test/01.mp4") + none,
        "a dot in front": HEAD + row.replace("test/01", "./test/01") + none,
        "other headings": (HEAD + row + none).replace("name,part", "Video Name,Split"),
        "parts as Testing and Training": (HEAD + row + none).replace(",test,", ",Testing,")
        .replace(",train,", ",Training,"),
        "index of pandas": "\n".join(
            f"{at - 1 if at else ''},{line}"
            for at, line in enumerate((HEAD + row + none).splitlines())
        ),
        "notes": "name,part,label,intervals,comment\ntrain/a,train,normal,,\n"
        + row.replace("\n", ",good\n") + none.replace("\n", ",\n"),
        "no part": "name,label,intervals\ntrain/a,normal,\ntest/01,fall,10:20\ntest/02,normal,\n",
        "counts that are right": "name,part,label,intervals,n_frames\ntrain/a,train,normal,,3\n"
        + row.replace("\n", ",30\n") + none.replace("\n", ",30.0\n"),
    }.items():  # fmt: skip
        data = rows.encode("latin-1") if name == "UTF-16" else rows.encode()
        bring = dataset(_make({"manifest.csv": data}), tested)
        yield Case(name=name, right=RIGHT, bring=bring)
    yield from _odd_manifests(row, none)
    yield from _json_manifests()


def _odd_manifests(row: str, none: str) -> Iterator[Case]:
    for name, rows in {
        "another count": "name,part,label,intervals,n_frames\ntrain/a,train,normal,,3\n"
        + row.replace("\n", ",36\n") + none.replace("\n", ",30\n"),
        "a clip that is not listed": HEAD + row,
        "a clip that is not there": HEAD + row + none + "test/09,test,fall,1:5\n",
        "a clip twice": HEAD + row + "test/01,test,fall,1:5\n" + none,
        "a part nobody knows": HEAD + row.replace(",test,", ",query,") + none,
        "a namesake elsewhere": HEAD + row.replace("test/01", "valid/01") + none,
        "a column nobody knows": (HEAD + row + none).replace("intervals", "intervals,offset")
        .replace("\n", ",\n").replace("intervals,offset,\n", "intervals,offset\n"),
        "rows of events": "name,start_frame,end_frame\ntest/01,10,20\n",
    }.items():  # fmt: skip
        yield _manifest(name, rows, NOBODY_KNOWS)


def _json_manifests() -> Iterator[Case]:
    for name, entry, right in (
        ("as documented", {"label": "fall", "intervals": [[10, 20]]}, RIGHT),
        ("classes", {"label": "x", "intervals": [[10, 20, "fall"]]}, RIGHT),
        ("normal stretches", {"label": "fall", "intervals": [[0, 10, "normal"], [10, 20]]}, RIGHT),
        ("normal as 0", {"label": "fall", "intervals": [[0, 10, 0], [10, 20]]}, RIGHT),
        ("floats", {"label": "fall", "intervals": [[10.0, 20.0]]}, RIGHT),
        ("seconds", {"label": "fall", "seconds": [[0.4, 0.8]]}, NOBODY_KNOWS),
        ("one flat interval", {"label": "fall", "intervals": [10, 20]}, NOBODY_KNOWS),
        ("an object", {"label": "fall", "intervals": [{"start": 10, "end": 20}]}, NOBODY_KNOWS),
    ):
        videos = [
            {"name": "train/a", "part": "train", "label": "normal"},
            {"name": "test/01", "part": "test"} | entry,
            {"name": "test/02", "part": "test", "label": "normal", "intervals": []},
        ]
        text = json.dumps({"videos": videos}, ensure_ascii=False)
        yield _manifest(f"JSON, {name}", text, right, file="manifest.json")


def _npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


@kind("labels beside clips")
def beside() -> Iterator[Case]:
    labels = np.zeros(N, np.uint8)
    labels[10:20] = 1
    bare = {"test/01": (N, [(10, 20, "")]), "test/02": (N, [])}
    none = np.zeros(N, np.uint8)
    frames, empty = "start_frame,end_frame,label\n10,20,fall\n", "start_frame,end_frame,label\n"
    lines = "".join(f"{each}\n" for each in labels)
    whole = "video,start_frame,end_frame,label\ntest/01,10,20,fall\ntest/02,,,\n"
    ways: Sequence[tuple[str, Mapping[str, str | bytes], Any]] = (
        ("a CSV each", {"test/01.csv": frames, "test/02.csv": empty}, RIGHT),
        ("a text each", {"test/01.txt": lines, "test/02.txt": "0\n" * N}, bare),
        ("arrays", {"test/01_labels.npy": _npy(labels), "test/02_labels.npy": _npy(none)}, bare),
        ("arrays in labels", {"labels/01.npy": _npy(labels), "labels/02.npy": _npy(none)}, bare),
        ("arrays in test/gt", {"test/gt/01.npy": _npy(labels), "test/gt/02.npy": _npy(none)}, bare),
        ("one table", {"events.csv": whole}, RIGHT),
        ("one table in the folder of the clips", {"test/events.csv": whole}, RIGHT),
        ("one vector", {"gt.npy": _npy(np.concatenate([labels, none]))}, bare),
        ("one vector, too short", {"gt.npy": _npy(np.concatenate([labels, none[:-1]]))},
         NOBODY_KNOWS),
        ("one label too few", {"test/01.txt": lines[2:], "test/02.txt": "0\n" * N}, NOBODY_KNOWS),
        ("one label too many", {"test/01.txt": lines + "0\n", "test/02.txt": "0\n" * N},
         NOBODY_KNOWS),
        ("a clip without labels", {"test/01.csv": frames}, NOBODY_KNOWS),
        ("two that agree", {"test/01.csv": frames, "test/02.csv": empty, "gt.npy": _npy(
            np.concatenate([labels, none]))}, RIGHT),
        ("two that do not", {"test/01.csv": frames, "test/02.csv": empty, "gt.npy": _npy(
            np.concatenate([none, labels]))}, NOBODY_KNOWS),
        ("of another clip", {"test/01.csv": frames, "test/02.csv": empty, "test/03.csv": frames},
         NOBODY_KNOWS),
        ("notes beside them", {"test/01.csv": frames, "test/02.csv": empty,
                               "README.txt": "Made in May.\n", "LICENSE": "free\n"}, RIGHT),
        ("past the end", {"test/01.csv": frames.replace("20", "35"), "test/02.csv": empty},
         NOBODY_KNOWS),
        ("normal ones marked, too", {"test/01.csv": frames + "0,10,normal\n20,30,正常\n",
                                     "test/02.csv": empty + "0,30,normal\n"}, RIGHT),
    )  # fmt: skip
    for name, files, right in ways:
        yield Case(name=name, right=right, bring=dataset(_make(files), tested))
    yield from _names(frames, whole)


def _names(frames: str, whole: str) -> Iterator[Case]:
    """Clips that are called nearly alike."""
    composed, apart = (unicodedata.normalize(form, "Gerät") for form in ("NFC", "NFD"))
    ways: Sequence[tuple[str, Sequence[str], Mapping[str, str | bytes], Any]] = (
        ("accents in one sign, labels in two", (f"test/{composed}",), {f"test/{apart}.csv": frames},
         {f"test/{composed}": (N, [(10, 20, "fall")])}),
        ("accents in two signs, a table in one", (f"test/{apart}",),
         {"events.csv": whole.replace("test/01", composed).replace("test/02,,,\n", "")},
         {f"test/{apart}": (N, [(10, 20, "fall")])}),
        ("1 and 01", ("test/1", "test/01"),
         {"events.csv": "video,start_frame,end_frame\n01,10,20\n1,,\n"},
         {"test/01": (N, [(10, 20, "")]), "test/1": (N, [])}),
        ("two folders, labels beside", ("test/A/01", "test/B/01"),
         {"test/B/01.csv": frames, "test/A/01.csv": frames.replace("10,20", "5,8")},
         {"test/A/01": (N, [(5, 8, "fall")]), "test/B/01": (N, [(10, 20, "fall")])}),
        ("two folders, labels without them", ("test/A/01", "test/B/01"),
         {"labels/01.csv": frames}, NOBODY_KNOWS),
        ("10 and 1, one vector", ("test/10", "test/2", "test/1"),
         {"gt.npy": _npy(np.repeat([0, 1, 0], [N, N, N]))},
         {"test/1": (N, []), "test/2": (N, [(0, N, "")]), "test/10": (N, [])}),
    )  # fmt: skip
    for name, clips_, files, right in ways:
        yield Case(name=name, right=right, bring=dataset(_make(files, clips_), tested))

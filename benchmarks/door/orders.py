"""Files that name no clips, and labels that are too few, too many or at another rate."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io

from benchmarks.door._base import NOBODY_KNOWS, Bring, Brought, Case, kind
from benchmarks.door._doors import clip, truth, truth_of
from ml.data.truth.videos import KnownVideo

# Names of clips in the order in which people's programs go through them: by number.
ORDERS: Sequence[Sequence[str]] = (
    tuple(str(number) for number in range(1, 13)),
    tuple(f"Test{number:03}" for number in range(1, 13)),
    ("alpha/01", "zeta/02", "beta/03"),
    ("zeta/01", "alpha/02", "mid/10"),
    ("cam1_9", "cam1_10", "cam2_1", "cam10_1"),
    ("01_0014", "01_0015", "02_0001", "10_0001"),
    ("2024-05-01", "2024-05-02", "2024-05-10"),
    ("a", "b", "c"),
    ("video 2", "video 10", "video 100"),
    ("testing/01", "testing/02", "testing/21"),
)


def _npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def _npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def _mat(**variables: Any) -> bytes:
    file = io.BytesIO()
    scipy.io.savemat(file, variables)
    return file.getvalue()


def _clips(names: Sequence[str]) -> list[KnownVideo]:
    """Clip i of 20 + i frames, in an order that is not that of the files."""
    clips = [clip(name, 20 + at, part="test") for at, name in enumerate(names)]
    return clips[::-1]


def _event(at: int) -> tuple[int, int]:
    return 2 + at, 9 + at


def _labels(at: int) -> Any:
    labels = np.zeros(20 + at, np.uint8)
    labels[slice(*_event(at))] = 1
    return labels


def _right(names: Sequence[str]) -> dict[str, Any]:
    return {name: [(*_event(at), "")] for at, name in enumerate(names)}


@kind("clips that only their order tells")
def orders() -> Iterator[Case]:
    for names in ORDERS:
        yield from _arrays_of(names)
    names = [str(number) for number in range(1, 13)]
    without = [name for name in names if name != "5"]
    lost = _right(names)
    del lost["5"]
    tests = [f"Test{int(name):03}" for name in without]
    moved = {f"Test{int(name):03}": spans for name, spans in lost.items()}
    for known, right in ((without, lost), (tests, moved)):
        clips = [
            clip(name, 19 + int(name[-2:].lstrip("Test0") or 0), part="test") for name in known
        ]
        bring = truth("UCSDped2.m", _ucsd(names), clips)
        yield Case(name=f"UCSD, {known[4]} after {known[3]}", right=right, bring=bring)
        bring = truth("gt.mat", _ano_pred(names), clips)
        yield Case(name=f"ano_pred, {known[4]} after {known[3]}", right=NOBODY_KNOWS, bring=bring)
        bring = truth("gt.npy", _npy(np.concatenate([_labels(at) for at in range(12)])), clips)
        yield Case(name=f"one vector, {known[4]} after {known[3]}", right=NOBODY_KNOWS, bring=bring)


def _arrays_of(names: Sequence[str]) -> Iterator[Case]:
    title = ", ".join(names[:3])
    whole = np.concatenate([_labels(at) for at in range(len(names))])
    for name, file, data in (
        ("a vector", "gt.npy", _npy(whole)),
        ("a vector of floats", "gt.npy", _npy(whole.astype(float)[None])),
        ("ano_pred", "ped2.mat", _ano_pred(names)),
    ):
        bring = truth(file, data, _clips(names))
        yield Case(name=f"{name}: {title}", right=_right(names), bring=bring)
    if "/" not in "".join(names):
        arrays = {name: _labels(at) for at, name in enumerate(names)}
        bring = truth("labels.npz", _npz(**arrays), _clips(names))
        yield Case(name=f"arrays by name: {title}", right=_right(names), bring=bring)
        bring = _folder({f"{name}.npy": _npy(array) for name, array in arrays.items()}, names)
        yield Case(name=f"a folder of arrays: {title}", right=_right(names), bring=bring)
    numbered = {f"arr_{at}": _labels(at) for at in range(len(names))}
    bring = truth("labels.npz", _npz(**numbered), _clips(names))
    yield Case(name=f"arrays without names: {title}", right=NOBODY_KNOWS, bring=bring)


def _folder(files: Mapping[str, bytes], names: Sequence[str]) -> Bring:
    def bring(folder: Path) -> Brought:
        home = folder / "test_frame_mask"
        home.mkdir()
        for name, data in files.items():
            (home / name).write_bytes(data)
        return truth_of(home, _clips(names))

    return bring


def _ucsd(names: Sequence[str]) -> str:
    """From 1, with the last frame in it."""
    spans = (_event(at) for at in range(len(names)))
    rows = (f"TestVideoFile{{end+1}}.gt_frame = [{start + 1}:{end}];" for start, end in spans)
    return "TestVideoFile = {};\n" + "\n".join(rows) + "\n"


def _ano_pred(names: Sequence[str]) -> bytes:
    cells = np.empty((1, len(names)), object)
    for at in range(len(names)):
        start, end = _event(at)
        cells[0, at] = np.array([[start + 1], [end]], float)
    return _mat(gt=cells)


@kind("labels for another number of frames")
def counts() -> Iterator[Case]:
    pair = [clip("01.mp4"), clip("02.mp4")]
    for name, n_labels, right in (
        ("as many", 250, {"01.mp4": [(60, 180, "")]}),
        ("one more, the last normal", 251, {"01.mp4": [(60, 180, "")]}),
        ("one less", 249, {"01.mp4": [(60, 180, "")]}),
        ("at 30/s", 300, NOBODY_KNOWS),
        ("at 24/s", 240, NOBODY_KNOWS),
        ("of another video", 400, NOBODY_KNOWS),
        ("of half of it", 125, NOBODY_KNOWS),
        ("twice over", 500, NOBODY_KNOWS),
        ("one", 1, NOBODY_KNOWS),
    ):
        labels = np.zeros(n_labels, np.uint8)
        labels[60:180] = 1
        bring = truth("gt.npz", _npz(**{"01.mp4": labels, "02.mp4": np.zeros(250, np.uint8)}), pair)
        expected = right | {"02.mp4": []} if isinstance(right, dict) else right
        yield Case(name=f"array, {name}", right=expected, bring=bring)
        text = "".join(f"{label}\n" for label in labels)
        bring = truth("01.txt", text, [clip("01.mp4")])
        yield Case(name=f"lines, {name}", right=right, bring=bring)
        text = "frame,label\n" + "".join(f"{at},{label}\n" for at, label in enumerate(labels))
        bring = truth("01.csv", text, [clip("01.mp4")])
        yield Case(name=f"frame and label, {name}", right=right, bring=bring)
        bring = truth("gt.npy", _npy(labels), [clip("01.mp4")])
        yield Case(name=f"vector, {name}", right=right, bring=bring)
    yield from _frames()


def _frames() -> Iterator[Case]:
    """A line for each frame of one video, as scripts write them."""
    labels = [int(60 <= at < 180) for at in range(250)]
    right = {"01.mp4": [(60, 180, "")]}
    numbered = [(at, label) for at, label in enumerate(labels)]
    for name, head, rows, expected in (
        ("from 1", "frame,label", [(at + 1, label) for at, label in numbered], right),
        ("from 2", "frame,label", [(at + 2, label) for at, label in numbered], NOBODY_KNOWS),
        ("a hole", "frame,label", numbered[:100] + numbered[101:], NOBODY_KNOWS),
        ("backwards", "frame,label", numbered[::-1], right),
        ("floats of pandas", "frame,label", [(at, float(label)) for at, label in numbered], right),
        ("true and false", "frame,label", [(at, bool(label)) for at, label in numbered], right),
        ("-1 for normal", "frame,label", [(at, label or -1) for at, label in numbered], right),
        ("1 is normal", "frame,normal", [(at, 1 - label) for at, label in numbered], NOBODY_KNOWS),
        ("is_normal", "frame,is_normal", [(at, 1 - label) for at, label in numbered], NOBODY_KNOWS),
        ("255 for abnormal", "frame,label", [(at, 255 * label) for at, label in numbered], right),
        ("every 5th frame", "frame,label", numbered[::5], NOBODY_KNOWS),
        ("a class for each frame", "frame,label",
         [(at, "fall" if label else "normal") for at, label in numbered],
         {"01.mp4": [(60, 180, "fall")]}),
        ("seconds", "time,label", [(at / 25, label) for at, label in numbered], NOBODY_KNOWS),
        ("names of pictures", "frame,label", [(f"{at:04}.jpg", each) for at, each in numbered],
         right),
        ("probabilities", "frame,label", [(at, label * 0.9) for at, label in numbered],
         NOBODY_KNOWS),
    ):  # fmt: skip
        text = f"{head}\n" + "".join(f"{first},{second}\n" for first, second in rows)
        bring = truth("01.csv", text, [clip("01.mp4")])
        yield Case(name=f"frame by frame, {name}", right=expected, bring=bring)

"""Numbers that lose their order when somebody rounds them, and names in files of scores."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.door._base import NOBODY_KNOWS, Brought, Case, kind
from benchmarks.door._site import frame_scores, scores, uploaded_run
from benchmarks.door.names import MEANT, UNMEANT

ONE = {"a": [0, 0, 1, 1]}


def _npy(values: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def _npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@kind("scores: numbers")
def numbers() -> Iterator[Case]:
    """The two abnormal frames have the higher scores, by little: AUROC 1."""
    for name, values in (
        ("apart by 1e-9", [0.5, 0.5 + 1e-9, 0.5 + 2e-9, 0.5 + 3e-9]),
        ("apart by an ulp", [1.0, 1.0, 1 + 2**-52, 1 + 2**-51]),
        ("log probabilities", [-1e-12, -1e-13, -1e-14, -1e-15]),
        ("near the largest", [1e308, 1.1e308, 1.2e308, 1.3e308]),
        ("subnormal", [1e-320, 2e-320, 3e-320, 4e-320]),
        ("below 0", [-4.0, -3.0, -2.0, -1.0]),
        ("beyond float32", [1e39, 2e39, 3e39, 4e39]),
        ("counts beyond float32", [16_777_216, 16_777_216, 16_777_217, 16_777_218]),
        ("the last exact ones", [2**53 - 4, 2**53 - 3, 2**53 - 2, 2**53 - 1]),
    ):
        yield _auroc(f"JSON, {name}", json.dumps({"a": values}))
        yield _auroc(f"table, {name}", _table(values))
        yield _auroc(f"float64, {name}", _npz(a=np.array(values, np.float64)))
    far = [2**53, 2**53 + 1, 2**53 + 2, 2**53 + 3]
    for name, data in (
        ("JSON, whole numbers from 2^53 on", json.dumps({"a": far})),
        ("int64, from 2^53 on", _npz(a=np.array(far))),
        ("table, from 2^53 on", _table(far)),
        ("texts", json.dumps({"a": ["0.1", "0.2", "0.3", "0.4"]})),
        ("null", json.dumps({"a": [0.1, None, 0.3, 0.4]})),
        ("NaN in JSON", '{"a": [0.1, NaN, 0.3, 0.4]}'),
        ("Infinity in JSON", '{"a": [0.1, 0.2, 0.3, Infinity]}'),
        ("NaN in an array", _npz(a=np.array([0.1, np.nan, 0.3, 0.4]))),
        ("infinity in an array", _npz(a=np.array([0.1, 0.2, 0.3, np.inf]))),
        ("complex", _npz(a=np.array([0.1, 0.2, 0.3, 0.4j]))),
        ("objects", _npz_of_objects()),
        ("true and false", json.dumps({"a": [False, False, True, True]})),
        ("too large for a double", '{"a": [0.1, 0.2, 0.3, 1e999]}'),
        ("too small for a double", '{"a": [0, 1e-400, 2e-400, 3e-400]}'),
        ("many digits", '{"a": [0.10000000000000000001, 0.1, 0.2, 0.3]}'),
    ):  # fmt: skip
        yield Case(name=name, right=NOBODY_KNOWS if name != "many digits" else 1.0,
                   bring=scores(ONE, data))  # fmt: skip
    for name, kind_ in (("float16", np.float16), ("float32", np.float32), ("uint8", np.uint8),
                        ("int16", np.int16), ("bool", np.bool_)):  # fmt: skip
        yield _auroc(name, _npz(a=np.array([0, 0, 1, 1], kind_)))
    yield Case(name="all the same", right=0.5, bring=scores(ONE, json.dumps({"a": [0.3] * 4})))
    half = scores(ONE, json.dumps({"a": [0.1, 0.5, 0.5, 0.9]}))  # one of four pairs is a tie
    yield Case(name="a tie", right=0.875, bring=half)
    yield Case(name="upside down", right=0.0, bring=scores(ONE, json.dumps({"a": [4, 3, 2, 1]})))
    sixth = {"a": [0, 1, 0, 1, 0]}  # pairs of 2 and 3: 0.2 is above 0.1 alone, 0.9 above all
    bring = scores(sixth, json.dumps({"a": [0.1, 0.2, 0.4, 0.9, 0.3]}))
    yield Case(name="some right", right=round(float(Fraction(4, 6)), 6), bring=bring)


def _table(values: Sequence[float]) -> str:
    rows = "".join(f"a,{at},{value!r}\n" for at, value in enumerate(values))
    return f"video,frame,score\n{rows}"


def _auroc(name: str, data: str | bytes) -> Case:
    return Case(name=name, right=1.0, bring=scores(ONE, data))


def _npz_of_objects() -> bytes:
    file = io.BytesIO()
    np.savez(file, a=np.array([0.1, 0.2, 0.3, None], object))
    return file.getvalue()


@kind("names of videos in scores")
def names() -> Iterator[Case]:
    """As in ground truth, but all of these videos are tested."""
    for called, known, meant in MEANT:
        if all(name.startswith(("train/", "test/")) for name in known):
            continue
        right = {name: _values(name == meant) for name in sorted(known)}
        given = {name: _values(False) for name in known if name != meant}
        data = json.dumps({called: _values(True)} | given)
        yield Case(name=f"{called} among {' and '.join(known)}", right=right,
                   bring=frame_scores(_labels(known), data))  # fmt: skip
    for called, known in UNMEANT:
        if any(name.startswith(("train/", "test/")) for name in known):
            continue
        given = {name: _values(False) for name in known[1:]}
        data = json.dumps({called: _values(True)} | given)
        yield Case(name=f"{called}, which is none of {' and '.join(known)}", right=NOBODY_KNOWS,
                   bring=frame_scores(_labels(known), data))  # fmt: skip


def _labels(names: Sequence[str]) -> dict[str, list[int]]:
    return {name: [0, 1, 1] for name in names}


def _values(is_meant: bool) -> list[float]:
    return [0.7, 0.8, 0.9] if is_meant else [0.1, 0.2, 0.3]


@kind("scores: taken away and brought again")
def again() -> Iterator[Case]:
    labels = {"a": [0, 0, 1, 1, 0], "cam.b/007": [0, 1, 0], "=x": [1, 1], "-y": [0, 0, 1]}
    given: dict[str, Any] = {
        "a": [0.5, 0.5 + 1e-12, -1e30, 1 / 3, 1e-300],
        "cam.b/007": {"scores": [0.25, None, 2**24 + 1.0], "missing": "allowed"},
        "=x": {"scores": [0.1], "frames_per_value": 2},
        "-y": {"scores": [7, 8], "first_frame": 1},
    }
    for format in ("zip", "json", "csv"):
        right = "the same"
        yield Case(name=format, right=right, bring=_again(labels, given, format))


def _again(labels: dict[str, list[int]], given: dict[str, Any], format: str) -> Any:
    def bring(folder: Path) -> Brought:
        from django.test import Client

        from ml.scores.files import Layout
        from webapp.results.scores.uploads import create_uploaded_run, store_score_set

        run, by = uploaded_run(labels)
        store_score_set(run=run, data=json.dumps(given).encode(), layout=Layout(), by=by)
        client = Client(HTTP_HOST="localhost")
        client.force_login(by)
        found = client.get(f"/runs/{run.pk}/scores.{format}", secure=True)
        assert found.status_code == 200, found.status_code
        data = found.getvalue()
        second = create_uploaded_run(
            team=run.team, dataset=run.dataset, split=run.split, method_title="again", by=by
        )
        layout = Layout(missing="allowed") if format == "csv" else Layout()
        store_score_set(run=second, data=data, layout=layout, by=by)
        same = _exactly(run) == _exactly(second)
        return Brought(value="the same" if same else f"{_exactly(run)} {_exactly(second)}")

    return bring


def _exactly(run: Any) -> dict[str, list[str]]:
    """Each frame's score, to the last bit."""
    from webapp.results.models import VideoScores

    rows = VideoScores.objects.filter(score_set__run=run).select_related("video")
    return {
        row.video.name: [float(each).hex() for each in row.scores.to_frames(row.video.n_frames)]
        for row in rows
    }

"""JSON: a list of scores, or an object of such lists by video name.

In place of a list may stand an object: `{"scores": […], "first_frame": 4}` with fields of
`Layout`, `{"0": 0.1, "1": 0.2}` with a score by frame, or what this site answers for a video.
Where a frame has no score, null stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ml.findings import shortened
from ml.records import BadInput
from ml.scores.files._base import Format, ScoreFile, Series, of_numbers, register
from ml.scores.files._layout import STATABLE, stated_in
from ml.scores.files._texts import is_rounded_to_zero
from ml.strict_json import check_text, parse
from ml.tables import MARKS, decode

LISTS = ("scores", "score", "values", "predictions", "anomaly_scores")
FRAMES = "frames"  # one for each frame, whatever the resolution
NAMES = ("video_name", "video", "name", "video_id")
LENGTH = "n_frames"
FACT_KEYS = (*NAMES, "rule", LENGTH)


@register
class Json(Format):
    title = "JSON"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        mark = next((mark for mark, _encoding in MARKS if data.startswith(mark)), b"")
        begins = data[len(mark) : len(mark) + 1_000].replace(b"\0", b"").lstrip()
        return begins[:1] in (b"[", b"{")

    @classmethod
    def read(cls, data: bytes) -> ScoreFile:
        text, _findings = decode(data, "it")
        given = parse(text, "it", fraction=_float_of, has_gaps=True)
        if isinstance(given, list):
            return ScoreFile(series=_series(given))
        if FRAMES in given or _is_one(given):
            return _of_one(given)
        return ScoreFile(by_video={name: _of_video(name, each) for name, each in given.items()})


def _float_of(text: str) -> float:
    value = float(text)
    if value == 0 and is_rounded_to_zero(text):
        raise BadInput(f"{text[:40]} is so near to 0 that it would become 0: scale the scores")
    return value


def _is_one(given: Mapping[str, Any]) -> bool:
    """Scores of one video with facts beside them, and not a video that is called `scores`."""
    has_list = any(name in given for name in LISTS)
    return has_list and all(name in (*LISTS, *FACT_KEYS, *STATABLE) for name in given)


def _of_one(given: dict[str, Any]) -> ScoreFile:
    name = next((str(given[key]) for key in NAMES if given.get(key)), "")
    check_text(name, "it")
    series = _of_object(given)
    return ScoreFile(by_video={name: series}) if name else ScoreFile(series=series)


def _of_video(name: str, given: Any) -> Series:
    try:
        if isinstance(given, list):
            return _series(given)
        if isinstance(given, dict):
            return _of_object(given)
        raise BadInput("a list of scores is expected")
    except BadInput as error:
        raise BadInput(f"{name}: {error}") from error


def _of_object(given: dict[str, Any]) -> Series:
    if given and all(key.isascii() and key.isdigit() for key in given):
        return _by_frame(given)
    present = [key for key in (FRAMES, *LISTS) if key in given]
    if unknown := [key for key in given if key not in (*present, *FACT_KEYS, *STATABLE)]:
        known = ", ".join(("scores", *STATABLE))
        raise BadInput(f"{shortened(unknown)} is not understood; known are {known}")
    if len(present) != 1:
        raise BadInput("one list called scores is expected")
    series = (
        _of_frames(given) if present == [FRAMES] else _series(given[present[0]], **stated_in(given))
    )
    return replace(series, n_frames=given[LENGTH]) if LENGTH in given else series


def _series(given: Any, **stated: Any) -> Series:
    if not isinstance(given, list):
        raise BadInput("a list of scores is expected")
    if any(isinstance(each, list | dict) for each in given[:1]):
        raise BadInput(
            'its list holds lists or objects: write {"name of the video": [scores], …}, or a table'
        )
    return Series(values=of_numbers(given), stated=stated)


def _by_frame(given: dict[str, Any]) -> Series:
    values = of_numbers(list(given.values()))
    places = np.array([int(key[:18]) for key in given], dtype=np.int64)
    order = np.argsort(places, kind="stable")
    if (np.diff(places[order]) == 0).any():
        raise BadInput("a frame stands twice in it")
    return Series(values=values[order], places=places[order])


def _of_frames(given: dict[str, Any]) -> Series:
    """A score or null for each frame, together with the resolution that they came in."""
    values = _series(given[FRAMES]).values
    first, width = given.get("first_frame", 0), given.get("frames_per_value", 1)
    if type(first) is not int or type(width) is not int or first < 0 or width < 1:
        raise BadInput("first_frame and frames_per_value are whole numbers")
    native = values[first::width]
    repeated = np.repeat(native, min(width, max(1, len(values))))
    again = np.concatenate([np.full(min(first, len(values)), np.nan), repeated])
    if not np.array_equal(again[: len(values)], values, equal_nan=True):
        raise BadInput("its frames are not what first_frame and frames_per_value say of them")
    stated = {
        "unit": "segment" if width > 1 else "frame",
        "first_frame": first,
        "frames_per_value": width,
        "missing": "allowed",
    }
    return Series(values=native, stated=stated, n_frames=len(values))

"""JSON: a list of numbers, or an object of such lists by video name."""

from __future__ import annotations

import json
from typing import Any

from ml.records import BadInput
from ml.score_files._base import Format, ScoreFile, register, vector


@register
class Json(Format):
    title = "JSON"

    @classmethod
    def recognises(cls, data: bytes) -> bool:
        return data.lstrip()[:1] in (b"[", b"{")

    @classmethod
    def read(cls, data: bytes) -> ScoreFile:
        try:
            given: Any = json.loads(data, object_pairs_hook=_each_once)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"it cannot be read as JSON: {error}") from error
        if isinstance(given, list):
            return ScoreFile(values=vector(given))
        return ScoreFile(by_video={name: _of_video(name, each) for name, each in given.items()})


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    given = dict(pairs)
    if len(given) != len(pairs):
        raise BadInput("a name stands twice in it")
    return given


def _of_video(name: str, given: Any) -> Any:
    if not isinstance(given, list):
        raise BadInput(f"{name}: a list of scores is expected")
    return vector(given, of=name)

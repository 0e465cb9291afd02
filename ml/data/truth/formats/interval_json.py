"""Our own JSON: intervals by video name.

    {"videos": {"test/01": [[60, 180, "running"]], "test/02": []}}
    {"videos": [{"name": "test/01", "n_frames": 180, "intervals": [[60, 180, "running"]]}]}

Frames count from 0 and the end is exclusive, unless `"base": 1`, `"end": "inclusive"` or a
`"rate"` stands beside `videos`. A manifest of `python -m ml` is such a file, too. An empty
list says that the video is normal. A file about the one video that it is named after has

    {"intervals": [[60, 180, "running"]]}
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source
from ml.records import BadInput, Interval


@register
class IntervalJson(AnnotationFormat):
    title = "JSON with intervals by video name"
    reading = Reading(base=0, end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return source.is_text and source.text.lstrip().startswith("{") and _videos(source)

    @classmethod
    def stated(cls, source: Source) -> dict[str, Any]:
        document = _document(source)
        return {key: document[key] for key in ("base", "end", "rate") if key in document}

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        document = _document(source)
        videos = document.get("videos", {Path(source.name).stem: document})
        return Annotations(claims=tuple(_claims(videos, reading)))


def _videos(source: Source) -> bool:
    document = _document(source)
    if not isinstance(document, dict):
        return False
    if "videos" in document:
        return isinstance(document["videos"], dict | list)
    return isinstance(document.get("intervals"), list)


def _document(source: Source) -> Any:
    try:
        return json.loads(source.text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{source.name} is no JSON: {error}") from error


def _claims(videos: Any, reading: Reading) -> Iterator[Claim]:
    entries = videos.items() if isinstance(videos, dict) else [(None, each) for each in videos]
    for key, value in entries:
        entry = value if isinstance(value, dict) else {"intervals": value}
        name = str(entry.get("name") or entry.get("id") or key or "")
        if not name:
            raise BadInput(f"a video has no name: {str(value)[:80]}")
        count = entry.get("n_frames")
        yield Claim(
            path=name,
            intervals=tuple(_interval(name, each, reading) for each in _list(name, entry)),
            n_frames=count if isinstance(count, int) else None,
            label=str(entry.get("label", "")),
        )


def _list(name: str, entry: dict[str, Any]) -> list[Any]:
    intervals = entry.get("intervals", [])
    if not isinstance(intervals, list):
        raise BadInput(f"{name}: its intervals are no list")
    return intervals


def _interval(name: str, value: Any, reading: Reading) -> Interval:
    given = value
    if isinstance(value, dict):
        given = [value.get("start_frame"), value.get("end_frame"), value.get("label", "")]
    try:
        start, end, *rest = given
        if isinstance(start, bool) or not isinstance(start, int) or not isinstance(end, int):
            raise TypeError
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name}: {value} is not an interval of start, end and a label") from error
    return reading.interval(start, end, str(rest[0]) if rest else "")

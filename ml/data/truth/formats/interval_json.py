"""Our own JSON: intervals by video name.

    {"videos": {"test/01": [[60, 180, "running"]], "test/02": []}}
    {"videos": [{"name": "test/01", "n_frames": 180, "intervals": [[60, 180, "running"]]}]}

Frames count from 0 and the end is exclusive, unless `"base": 1`, `"end": "inclusive"` or a
`"rate"` stands beside `videos`. A manifest of `python -m ml` is such a file, too. An empty
list says that the video is normal. A file about the one video that it is named after has

    {"intervals": [[60, 180, "running"]]}

Instead of `intervals` an entry may have `seconds`, [[2.4, 7.2, "running"]]. One with a class for a
label and no interval says that the video is abnormal, and not where.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml.data.truth.claims import COUNTING, Annotations, Claim, Reading
from ml.data.truth.formats._base import (
    AnnotationFormat,
    label_of,
    named_once,
    number,
    register,
    span_of_seconds,
    whole,
)
from ml.data.truth.source import Source
from ml.findings import Finding, shortened
from ml.naming import part_of
from ml.records import BadInput, Interval

Json = dict[str, Any]
# Of a video; those of a manifest of `python -m ml` that say nothing of time are passed over.
NAMES = ("name", "id", "video")
KNOWN = {*NAMES, "intervals", "seconds", "n_frames", "label", "part", "duration_seconds"}
PASSED = {"path", "kind", "rotation", "comment", "comments", "note", "notes", "version", "title"}


@register
class IntervalJson(AnnotationFormat):
    title = "JSON with intervals by video name"
    reading = Reading(base=0, end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        document = source.document
        if not isinstance(document, dict):
            return False
        if "videos" in document:
            return isinstance(document["videos"], dict | list)
        return isinstance(document.get("intervals"), list) and "images" not in document

    @classmethod
    def stated(cls, source: Source) -> dict[str, Any]:
        document = source.document
        return {key: document[key] for key in COUNTING if key in document}

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        document = source.document
        own = {"intervals": document.get("intervals")} | _without(document, {*COUNTING, "videos"})
        videos = document.get("videos", {Path(source.name).stem: own})
        found = list(_entries(videos))
        outer = {*COUNTING, "videos"} if "videos" in document else {*COUNTING, *KNOWN}
        passed = [*_passed(source.name, document, outer)]
        passed += [key for name, entry in found for key in _passed(name, entry, KNOWN)]
        claims = named_once(_claim(name, entry, reading) for name, entry in found)
        return Annotations(claims=claims, findings=tuple(_findings_of(passed, source.name)))


def _without(values: Json, keys: set[str]) -> Json:
    return {key: value for key, value in values.items() if key not in keys}


def _passed(name: str, values: Json, known: set[str]) -> Iterator[str]:
    """Raise BadInput for a key that nobody knows: it may say how the file counts."""
    for key in values:
        if key in PASSED:
            yield key
        elif key not in known:
            raise BadInput(f"{name}: {key!r} is not known; known are {', '.join(sorted(known))}")


def _findings_of(passed: list[str], name: str) -> Iterator[Finding]:
    notes = sorted({key for key in passed if key not in ("path", "kind", "rotation")})
    if notes:
        yield Finding(level="info", subject=name, text=f"not used: {shortened(notes)}")


def _entries(videos: Any) -> Iterator[tuple[str, Json]]:
    pairs = videos.items() if isinstance(videos, dict) else [(None, each) for each in videos]
    for key, value in pairs:
        entry = value if isinstance(value, dict) else {"intervals": value}
        given = [key, *(entry.get(each) for each in NAMES)]
        name = next((str(each) for each in given if each), "")
        if not name:
            raise BadInput(f"a video has no name: {str(value)[:80]}")
        yield name, entry


def _claim(name: str, entry: Json, reading: Reading) -> Claim:
    count, duration, part = (entry.get(key) for key in ("n_frames", "duration_seconds", "part"))
    found = Claim(
        path=name,
        n_frames=None if count is None else whole(count, f"{name}: n_frames"),
        duration_seconds=None if duration is None else number(duration, f"{name}: duration"),
        label=label_of(entry.get("label")),
        part=part_of(str(part)) or "" if part else "",
    )
    if "seconds" in entry and "intervals" in entry:
        raise BadInput(f"{name} has both intervals in frames and seconds")
    if "seconds" in entry:
        spans = _list(name, entry, "seconds")
        return replace(found, seconds=tuple(_span(name, each) for each in spans))
    given = _list(name, entry, "intervals")
    if found.label and not given:  # a class says that it is abnormal, and not where
        return found
    return replace(found, intervals=tuple(_interval(name, each, reading) for each in given))


def _list(name: str, entry: Json, key: str) -> list[Any]:
    given = entry.get(key, [])
    if not isinstance(given, list):
        raise BadInput(f"{name}: its {key} are no list")
    return given


def _interval(name: str, value: Any, reading: Reading) -> Interval:
    start, end, label = _parts(name, value, ("start_frame", "end_frame"))
    fault = f"{name}: {value} is not an interval of start, end and a label"
    return reading.interval(whole(start, fault), whole(end, fault), label)


def _span(name: str, value: Any) -> tuple[float, float, str]:
    start, end, label = _parts(name, value, ("start_seconds", "end_seconds"))
    fault = f"{name}: {value} is not a span of seconds and a label"
    return span_of_seconds(number(start, fault), number(end, fault), label)


def _parts(name: str, value: Any, keys: tuple[str, str]) -> tuple[Any, Any, str]:
    """Start, end and label. Raise BadInput where there is more, or less."""
    if isinstance(value, dict) and set(value) - {*keys, "label"}:
        strange = sorted(set(value) - {*keys, "label"})
        raise BadInput(
            f"{name}: {strange[0]!r} is not known; known are {keys[0]}, {keys[1]}, label"
        )
    given = [value.get(key) for key in (*keys, "label")] if isinstance(value, dict) else value
    if not isinstance(given, list) or not 2 <= len(given) <= 3 or isinstance(given[-1], list):
        raise BadInput(f"{name}: {value} is not an interval of start, end and a label")
    start, end, *rest = given
    return start, end, label_of(rest[0]) if rest else ""

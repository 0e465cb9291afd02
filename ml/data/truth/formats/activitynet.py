"""ActivityNet's JSON, as THUMOS, HACS and others are annotated in, too.

    {"database": {"v_01": {"duration": 10.0, "subset": "validation",
                           "annotations": [{"segment": [2.4, 7.2], "label": "fall"}]}}}

Times are seconds from the video's start, the end is exclusive. Training, validation and testing
are its parts. The variant without `database`, with `duration_second` and `duration_frame`, is
read as well. A video without an annotation is normal; where all of one part are, they may be
withheld, which is told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ml.data.truth.claims import Annotations, Claim, Reading, Seconds
from ml.data.truth.formats._base import (
    AnnotationFormat,
    label_of,
    number,
    register,
    span_of_seconds,
    whole,
)
from ml.data.truth.source import Source
from ml.findings import Finding
from ml.naming import part_of
from ml.records import BadInput

Json = dict[str, Any]
KNOWN = {"segment", "label"}
# Of a stretch: the same in other units, and numbers of classes.
PASSED = {"segment(frames)", "label_id", "id", "score"}
DURATIONS = ("duration", "duration_second")
COUNTS = ("duration_frame", "n_frames")


@register
class ActivityNet(AnnotationFormat):
    title = "ActivityNet: JSON with segments in seconds"
    reading = Reading(end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        entries = _entries(source.document)
        return bool(entries) and all(_is_entry(entry) for entry in entries.values())

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        entries = _entries(source.document)
        claims = tuple(_claim(str(name), entry) for name, entry in entries.items())
        return Annotations(claims=claims, findings=tuple(_withheld(entries, source.name)))


def _entries(document: Any) -> Json:
    if not isinstance(document, dict):
        return {}
    found = document.get("database", document)
    return found if isinstance(found, dict) else {}


def _is_entry(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("annotations"), list)


def _claim(name: str, entry: Json) -> Claim:
    duration = next((entry[key] for key in DURATIONS if entry.get(key) is not None), None)
    count = next((entry[key] for key in COUNTS if entry.get(key) is not None), None)
    return Claim(
        path=name,
        part=part_of(str(entry.get("subset", ""))) or "",
        seconds=tuple(_span(name, each) for each in entry["annotations"]),
        duration_seconds=None if duration is None else number(duration, f"{name}: duration"),
        n_frames=None if count is None else whole(count, f"{name}: duration_frame"),
    )


def _span(name: str, value: Any) -> Seconds:
    if not isinstance(value, dict) or not isinstance(value.get("segment"), list):
        raise BadInput(f"{name}: {str(value)[:80]} is no annotation with a segment and a label")
    if unknown := sorted(set(value) - KNOWN - PASSED):
        raise BadInput(f"{name}: {unknown[0]!r} is not known; known are segment and label")
    if len(value["segment"]) != 2:
        raise BadInput(f"{name}: the segment {value['segment']} is not a start and an end")
    start, end = (number(each, f"{name}: the segment's end") for each in value["segment"])
    return span_of_seconds(start, end, label_of(value.get("label")))


def _withheld(entries: Json, name: str) -> Iterator[Finding]:
    annotated: dict[str, bool] = defaultdict(bool)
    for entry in entries.values():
        annotated[str(entry.get("subset", ""))] |= bool(entry["annotations"])
    for subset, is_annotated in annotated.items():
        if not is_annotated and any(annotated.values()):
            text = (
                f"no video of the subset {subset} has an annotation: they count as normal, unless "
                "their annotations are withheld"
            )
            yield Finding(level="warning", subject=name, text=text)

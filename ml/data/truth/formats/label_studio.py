"""Label Studio's JSON export with intervals on a timeline, or boxes in a video.

    [{"data": {"video": "…/01.mp4"}, "annotations": [{"result": [
        {"type": "timelinelabels",
         "value": {"ranges": [{"start": 61, "end": 180}], "timelinelabels": ["fall"]}},
        {"type": "videorectangle", "value": {"framesCount": 300, "labels": ["fall"], "sequence": [
            {"frame": 61, "enabled": true}, {"frame": 180, "enabled": false}]}},
        {"type": "labels", "value": {"start": 2.0, "end": 6.0, "labels": ["fall"]}}]}]}]

Timeline ranges and boxes are frames counted from 1 with an inclusive end; a box lies between
two keyframes where the first of them is enabled, after an enabled last one up to the end of the
video. Audio-like regions are seconds. The newest annotation that was not cancelled counts; a
task without one says nothing of its video.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register, span_of_seconds
from ml.data.truth.formats.cvat import united
from ml.data.truth.source import Source
from ml.findings import Finding
from ml.naming import without_ending
from ml.records import BadInput, Interval

VIDEO_KEYS = ("video", "video_url", "url", "audio")
LOCAL = re.compile(r".*[?&]d=([^&]+)")  # how files of a local storage are addressed
# What Label Studio puts before names: its place for uploads, or the server of an address.
PLACED = re.compile(r"(?:.*/)?data/upload/(?:\d+/)?|[a-z][a-z0-9+]*://[^/]*/", re.IGNORECASE)
UPLOAD_PREFIX = re.compile(r"(^|/)[0-9a-f]{8}-(?=[^/]*$)")


@register
class LabelStudio(AnnotationFormat):
    title = "Label Studio: JSON"
    reading = Reading(base=1, end="inclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        head = source.head.decode("utf-8-sig", "replace")
        return source.is_text and head.lstrip().startswith("[") and '"annotations"' in head

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        try:
            tasks = json.loads(source.text)
            done = [task for task in tasks if _finished(task)]
            claims = tuple(_claim(task, reading) for task in done)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise BadInput(f"{source.name} is no export of Label Studio: {error!r}") from error
        n_open = len(tasks) - len(done)
        text = f"{n_open} of {len(tasks)} tasks are not annotated and say nothing of their videos"
        finding = Finding(level="warning", subject=source.name, text=text)
        return Annotations(claims=claims, findings=(finding,) if n_open else ())


def _claim(task: dict[str, Any], reading: Reading) -> Claim:
    path = _path(task["data"])
    if not path:
        raise BadInput(f"a task names no video: {str(task['data'])[:80]}")
    results = list(_finished(task)[-1]["result"])
    seconds = tuple(_seconds(results))
    frames = (*_frames(results, reading), *_boxes(results, reading))
    if seconds and frames:
        raise BadInput(f"{path} has both ranges of frames and regions in seconds")
    if seconds:
        return Claim(path=path, seconds=seconds)
    return Claim(path=path, intervals=frames if frames or not results else None)


def _path(data: dict[str, Any]) -> str:
    """Of the video, as an upload, an address or `/data/local-files/?d=cam/01.mp4` has it."""
    given = [str(data[key]) for key in VIDEO_KEYS if key in data]
    given += [str(value) for value in data.values() if without_ending(str(value)) != str(value)]
    address = given[0] if given else ""
    local = LOCAL.fullmatch(address)
    path = unquote(local[1] if local else address.partition("?")[0])
    return UPLOAD_PREFIX.sub(r"\1", PLACED.sub("", path, count=1))


def _finished(task: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in task["annotations"] if not each.get("was_cancelled")]


def _frames(results: list[dict[str, Any]], reading: Reading) -> Iterator[Interval]:
    for result in results:
        value = result.get("value", {})
        labels = value.get("timelinelabels") or [""]
        for span in value.get("ranges", []):
            yield reading.interval(int(span["start"]), int(span["end"]), str(labels[0]))


def _boxes(results: list[dict[str, Any]], reading: Reading) -> Iterator[Interval]:
    for result in results:
        value = result.get("value", {})
        frames = sorted(
            (int(each["frame"]), bool(each.get("enabled", True)))
            for each in value.get("sequence", [])
        )
        label = str((value.get("labels") or [""])[0])
        ends = [frame for frame, _is_enabled in frames[1:]]
        ends += [int(value.get("framesCount", 0))] if frames else []
        spans = [
            reading.interval(frame, max(frame, end) if is_enabled else frame, label)
            for (frame, is_enabled), end in zip(frames, ends, strict=True)
        ]
        yield from united(spans)


def _seconds(results: list[dict[str, Any]]) -> Iterator[tuple[float, float, str]]:
    for result in results:
        value = result.get("value", {})
        if "start" in value and "end" in value:
            labels = value.get("labels") or value.get("paragraphlabels") or [""]
            yield span_of_seconds(float(value["start"]), float(value["end"]), str(labels[0]))

"""Regions of one annotation of Label Studio, in the numbers that stand there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from ml.data.truth.claims import Reading, Seconds
from ml.data.truth.formats._addresses import LOCAL, path_in
from ml.data.truth.formats._base import number, span_of_seconds, united, whole
from ml.findings import shortened
from ml.naming import without_ending
from ml.records import BadInput, Interval

Json = dict[str, Any]
Frames = tuple[int, int, str]  # first, last, label, as they are written

VIDEO_KEYS = ("video", "video_url", "url", "audio")
UPLOADED = re.compile(r"(?:.*/)?data/upload/(?:\d+/)?", re.IGNORECASE)
UPLOAD_PREFIX = re.compile(r"(^|/)[0-9a-f]{8}-(?=[^/]*$)")
LABELS = ("timelinelabels", "labels", "paragraphlabels", "videorectangle", "choices", "taxonomy")
SAME_RATE = 1e-3
FRAMES_OFF = 1.5  # a keyframe's time may be that of its frame's start or end


@dataclass(kw_only=True)
class Regions:
    """What an annotation holds. `rate` and `n_frames` are those that its boxes state."""

    reading: Reading
    frames: list[Frames] = field(default_factory=list)
    seconds: tuple[Seconds, ...] = ()
    label: str = ""  # of the whole video
    rate: float | None = None
    n_frames: int | None = None
    duration: float | None = None
    notes: list[str] = field(default_factory=list)


def path_of(data: Json) -> str:
    """Of the video, as an upload, an address or `/data/local-files/?d=cam/01.mp4` has it."""
    given = [str(data[key]) for key in VIDEO_KEYS if key in data]
    given += [str(value) for value in data.values() if without_ending(str(value)) != str(value)]
    address = given[0] if given else ""
    path = path_in(address)
    if "://" not in address and not LOCAL.fullmatch(address):
        # What it serves itself is escaped, as addresses are.
        path = (unquote(path) if UPLOADED.match(path) else path).lstrip("/")
    uploaded = UPLOADED.sub("", path)  # elsewhere eight digits may be a date
    return path if uploaded == path else UPLOAD_PREFIX.sub(r"\1", uploaded)


def read(path: str, results: Sequence[Json], reading: Reading) -> Regions:
    """Raise BadInput, naming the video, for numbers that are none and rates that differ."""
    found = Regions(reading=reading)
    values = [each.get("value") or {} for each in results]
    if not all(isinstance(value, dict) for value in values):
        raise BadInput(f"{path}: a result has no value that is an object")
    for value in values:
        found.frames += _ranges(path, value, found)
        found.frames += _boxes(path, value, found)
    found.seconds = tuple(_seconds(path, values, found))
    found.label = _choice(values, found)
    lengths = (value["original_length"] for value in values if value.get("original_length"))
    found.duration = next((number(each, f"{path}: original_length") for each in lengths), None)
    _clock(path, [value for value in values if "sequence" in value], found)
    if results and not (found.frames or found.seconds or found.label):
        found.notes.append("its annotation marks no time and makes no choice")
    return found


def _label(value: Json, found: Regions) -> str:
    """The first that does not say normal: what is marked as an event as well is one."""
    given = [str(each) for key in LABELS for each in _listed(value.get(key))]
    named = [each for each in given if not found.reading.is_normal(each)]
    if len(given) > 1:
        found.notes.append(
            f"a stretch bears {shortened(given)}: the first that is not normal is taken"
        )
    return (named or given or [""])[0]


def _listed(value: Any) -> list[Any]:
    """Labels are lists; a taxonomy's are paths from the root."""
    if not isinstance(value, list):
        return [] if value is None else [value]
    return [each[-1] if isinstance(each, list) and each else each for each in value]


def _ranges(path: str, value: Json, found: Regions) -> Iterator[Frames]:
    for span in value.get("ranges") or ():
        first, last = (whole(span.get(key), f"{path}: the {key} of a range") for key in ENDS)
        yield first, last, _label(value, found)


ENDS = ("start", "end")


def _boxes(path: str, value: Json, found: Regions) -> Iterator[Frames]:
    """Stretches in which the box is there, those that touch made one."""
    sequence = value.get("sequence") or ()
    frames = sorted(
        (whole(each.get("frame"), f"{path}: the frame of a box"), each.get("enabled", True) is True)
        for each in sequence
    )
    if not frames:
        return
    ends = [frame for frame, _is_enabled in frames[1:]]
    ends.append(whole(value.get("framesCount") or 0, f"{path}: framesCount"))
    label = _label(value, found)
    spans = [
        Interval(
            start_frame=frame, end_frame=(max(frame, end) if is_on else frame) + 1, label=label
        )
        for (frame, is_on), end in zip(frames, ends, strict=True)
    ]
    yield from ((each.start_frame, each.end_frame - 1, label) for each in united(spans))


def _seconds(path: str, values: Iterable[Json], found: Regions) -> Iterator[Seconds]:
    for value in values:
        if "start" in value and "end" in value:
            start, end = (number(value[key], f"{path}: the {key} of a region") for key in ENDS)
            yield span_of_seconds(start, end, _label(value, found))


def _choice(values: Iterable[Json], found: Regions) -> str:
    """Of the whole video: a choice that lies at no time."""
    whole_video = [
        value
        for value in values
        if {"choices", "taxonomy"} & value.keys() and not {"start", "ranges"} & value.keys()
    ]
    return next((label for value in whole_video if (label := _label(value, found))), "")


def _clock(path: str, boxes: Sequence[Json], found: Regions) -> None:
    """The rate that boxes state by their number of frames and their duration."""
    counts = dict.fromkeys((box.get("framesCount"), box.get("duration")) for box in boxes)
    stated = [_stated(path, count, duration) for count, duration in counts if count]
    for count, duration in stated:
        rate = count / duration if duration else None
        if found.rate and rate and abs(rate / found.rate - 1) > SAME_RATE:
            raise BadInput(f"{path}: its boxes count frames at {found.rate:g} and {rate:g}/s")
        found.n_frames, found.rate = count, rate or found.rate
        found.duration = duration or found.duration
    if found.rate and (off := _off_time(path, boxes, found.rate)):
        found.notes.append(off)


def _stated(path: str, count: Any, duration: Any) -> tuple[int, float | None]:
    seconds = number(duration, f"{path}: duration") if duration else None
    return whole(count, f"{path}: framesCount"), seconds


def _off_time(path: str, boxes: Iterable[Json], rate: float) -> str:
    """A sentence where the times of keyframes contradict the rate."""
    for box in boxes:
        for each in box["sequence"]:
            if each.get("time") is None:
                continue
            frame, time = whole(each.get("frame"), "frame"), number(each["time"], f"{path}: time")
            if abs((frame - 1) / rate - time) > FRAMES_OFF / rate:
                return (
                    f"its keyframe {frame} lies at {time:g} s, but at {rate:g} frames per second, "
                    f"which the file states, at {(frame - 1) / rate:g} s"
                )
    return ""

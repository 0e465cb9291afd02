"""CVAT for video 1.1: XML with tracks of boxes, or tags on frames.

    <annotations><meta>…<source>01.mp4</source></meta>
      <track label="fall"><box frame="12" outside="0" …/>… <box frame="40" outside="1" …/></track>
      <tag frame="7" label="fire"/>

Frames count from 0. A track is abnormal from its first box until the frame at which it is
outside, which is normal again; a track without such a frame ends with its last box. Every tag
makes its own frame abnormal. A task's export belongs to the video named in its meta data, a
project's export has one per task.
"""

from __future__ import annotations

from collections import defaultdict
from xml.etree import ElementTree

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register
from ml.data.truth.source import Source
from ml.records import BadInput, Interval

Element = ElementTree.Element


@register
class Cvat(AnnotationFormat):
    title = "CVAT for video: XML"
    reading = Reading(base=0, end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return source.is_text and b"<annotations" in source.head

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        root = _parse(source)
        if root.find("image") is not None:
            raise BadInput(f"{source.name} is CVAT's export for images: take CVAT for video 1.1")
        tasks = {task.findtext("id", ""): task for task in root.iterfind(".//meta//task")}
        found: dict[str, list[Interval]] = {task_id: [] for task_id in tasks or {"": root}}
        first = next(iter(found))
        for element in root.iter():
            if element.tag in ("track", "tag"):
                task_id = element.get("task_id", first)
                found.setdefault(task_id, []).extend(_intervals(element))
        return Annotations(
            claims=tuple(
                _claim(tasks.get(task_id, root), intervals, source)
                for task_id, intervals in found.items()
            )
        )


def _parse(source: Source) -> Element:
    if b"<!DOCTYPE" in source.data or b"<!ENTITY" in source.data:
        raise BadInput(f"{source.name} defines entities of its own, which CVAT never does")
    try:
        return ElementTree.fromstring(source.data)
    except ElementTree.ParseError as error:
        raise BadInput(f"{source.name} is no whole XML: {error}") from error


def _claim(task: Element, intervals: list[Interval], source: Source) -> Claim:
    path = task.findtext(".//source") or task.findtext("name") or source.name
    size = task.findtext(".//size", "")
    return Claim(
        path=path,
        intervals=tuple(sorted(united(intervals), key=lambda each: each.start_frame)),
        n_frames=int(size) if size.isdecimal() else None,
    )


def _intervals(element: Element) -> list[Interval]:
    label = element.get("label", "")
    if element.tag == "tag":
        frame = _frame(element)
        return [Interval(start_frame=frame, end_frame=frame + 1, label=label)]
    shapes = sorted((_frame(shape), shape.get("outside") == "1") for shape in element)
    spans, start, last = [], None, 0
    for frame, is_outside in shapes:
        if is_outside and start is not None:
            spans.append(Interval(start_frame=start, end_frame=frame, label=label))
            start = None
        elif not is_outside:
            start = frame if start is None else start
            last = frame
    if start is not None:
        spans.append(Interval(start_frame=start, end_frame=last + 1, label=label))
    return spans


def _frame(element: Element) -> int:
    try:
        return int(element.get("frame", ""))
    except ValueError as error:
        raise BadInput(f"a <{element.tag}> has no number of its frame") from error


def united(intervals: list[Interval]) -> list[Interval]:
    """Several objects at once are one stretch of abnormal frames for each label."""
    by_label: dict[str, list[Interval]] = defaultdict(list)
    for interval in sorted(intervals, key=lambda each: each.start_frame):
        of_label = by_label[interval.label]
        if of_label and interval.start_frame <= of_label[-1].end_frame:
            end = max(of_label[-1].end_frame, interval.end_frame)
            start = of_label[-1].start_frame
            of_label[-1] = Interval(start_frame=start, end_frame=end, label=interval.label)
        else:
            of_label.append(interval)
    return [interval for of_label in by_label.values() for interval in of_label]

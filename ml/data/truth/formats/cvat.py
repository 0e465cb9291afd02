"""CVAT for video 1.1: XML with tracks of boxes, or tags on frames.

    <annotations><meta>…<source>01.mp4</source></meta>
      <track label="fall"><box frame="12" outside="0" …/>… <box frame="40" outside="1" …/></track>
      <tag frame="7" label="fire"/>

Frames are the video's own, counted from 0, also where a task shows every nth of them only; each
frame that is shown then stands for n. A track is abnormal from its first box until the frame at
which it is outside, which is normal again; a track without such a frame ends with its last box.
Every tag makes its own frame abnormal. A task's export belongs to the video named in its meta
data, or beside it in exports of old; a project's export has one video per task.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats._base import AnnotationFormat, register, united
from ml.data.truth.source import Source
from ml.data.truth.xml import Element, parse, root_of
from ml.findings import Finding, shortened
from ml.records import BadInput, Interval

STEP = re.compile(r"\s*step\s*=\s*(\d+)\s*")


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a task or a job says of its video; frames of the video from `start` every `step`."""

    path: str
    size: int | None = None
    start: int = 0
    stop: int | None = None
    step: int = 1
    is_job: bool = False

    @property
    def n_frames(self) -> int | None:
        """Of the video, where the task shows all of them."""
        is_whole = self.step == 1 and self.start == 0 and not self.is_job
        return self.size if is_whole else None

    def check(self, frames: Iterable[int]) -> None:
        """Raise BadInput for frames that the task does not show; where a job begins is unclear."""
        odd = [frame for frame in frames if (frame - self.start) % self.step]
        if odd and not self.is_job:
            raise BadInput(
                f"{self.path}: the task shows one frame in {self.step} from {self.start} on, but "
                f"frame {odd[0]} is annotated: how it counts is not certain"
            )


@register
class Cvat(AnnotationFormat):
    title = "CVAT for video: XML"
    reading = Reading(base=0, end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        return root_of(source) == "annotations"

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        root = parse(source, "CVAT")
        if root.find("image") is not None:
            raise BadInput(f"{source.name} is CVAT's export for images: take CVAT for video 1.1")
        tasks = _tasks(root, source)
        claims: list[Claim] = []
        findings: list[Finding] = []
        for task_id, elements in _by_task(root, tasks, source).items():
            task = tasks[task_id]
            intervals = [each for element in elements for each in _intervals(element, task)]
            claims.append(_claim(task, united(intervals), reading))
            findings += _findings_of(task)
        return Annotations(claims=tuple(claims), findings=tuple(findings))


def _tasks(root: Element, source: Source) -> dict[str, Task]:
    """By id; the only one has none where the file does not say it."""
    found = {
        each.findtext("id", ""): _task(each, root, source, is_job=each.tag == "job")
        for kind in ("task", "job")
        for each in root.iterfind(f".//meta//{kind}")
    }
    return found or {"": _task(root, root, source, is_job=False)}


def _task(element: Element, root: Element, source: Source, *, is_job: bool) -> Task:
    beside = root.findtext("./meta/source")
    named = element.findtext("source") or element.findtext(".//source") or beside
    step = element.findtext("frame_filter", "").strip()
    match = STEP.fullmatch(step)
    if step and (match is None or int(match[1]) < 1):
        raise BadInput(f"{source.name}: its frame filter {step!r} is not understood")
    return Task(
        path=named or element.findtext("name") or source.name,
        size=_number(element, "size"),
        start=_number(element, "start_frame") or 0,
        stop=_number(element, "stop_frame"),
        step=int(match[1]) if match else 1,
        is_job=is_job,
    )


def _number(element: Element, name: str) -> int | None:
    text = element.findtext(name, "").strip()
    return int(text) if text.isdecimal() else None


def _by_task(root: Element, tasks: dict[str, Task], source: Source) -> dict[str, list[Element]]:
    """Raise BadInput where a track does not say whose it is."""
    found: dict[str, list[Element]] = {task_id: [] for task_id in tasks}
    only = next(iter(tasks)) if len(tasks) == 1 else None
    for element in root.iter():
        if element.tag in ("track", "tag"):
            task_id = element.get("task_id", only)
            if task_id not in found:
                raise BadInput(
                    f"{source.name}: a {element.tag} belongs to task {task_id or 'without a name'},"
                    f" and the file describes {shortened(list(tasks))}"
                )
            found[task_id].append(element)
    return found


def _claim(task: Task, intervals: list[Interval], reading: Reading) -> Claim:
    ordered = sorted(intervals, key=lambda each: each.start_frame)
    return Claim(
        path=task.path,
        intervals=tuple(
            reading.interval(each.start_frame, each.end_frame, each.label) for each in ordered
        ),
        n_frames=task.n_frames,
        step=task.step,
    )


def _findings_of(task: Task) -> Iterator[Finding]:
    if task.is_job or task.start:
        last = "" if task.stop is None else f" to {task.stop}"
        part = f"frames {task.start}{last}" if task.start or last else "the part of one job"
        text = f"only {part} of it can have been annotated; all others count as normal"
        yield Finding(level="warning", subject=task.path, text=text)


def _intervals(element: Element, task: Task) -> list[Interval]:
    label = element.get("label", "")
    if element.tag == "tag":
        frame = _frame(element)
        task.check([frame])
        return [Interval(start_frame=frame, end_frame=frame + task.step, label=label)]
    shapes = sorted((_frame(shape), shape.get("outside") == "1") for shape in element)
    task.check(frame for frame, _is_outside in shapes)
    spans, start, last = [], None, 0
    for frame, is_outside in shapes:
        if is_outside and start is not None:
            spans.append(Interval(start_frame=start, end_frame=frame, label=label))
            start = None
        elif not is_outside:
            start = frame if start is None else start
            last = frame
    if start is not None:
        spans.append(Interval(start_frame=start, end_frame=last + task.step, label=label))
    return spans


def _frame(element: Element) -> int:
    try:
        return int(element.get("frame", ""))
    except ValueError as error:
        raise BadInput(f"a <{element.tag}> has no number of its frame") from error

"""Label Studio's JSON export with intervals on a timeline, or boxes in a video.

    [{"data": {"video": "…/01.mp4"}, "annotations": [{"result": [
        {"type": "timelinelabels",
         "value": {"ranges": [{"start": 61, "end": 180}], "timelinelabels": ["fall"]}},
        {"type": "videorectangle", "value": {"framesCount": 240, "duration": 10.0,
         "labels": ["fall"], "sequence": [{"frame": 49, "time": 2.0, "enabled": true},
                                          {"frame": 96, "time": 4.0, "enabled": false}]}},
        {"type": "labels", "value": {"start": 2.0, "end": 6.0, "labels": ["fall"]}}]}]}]

Timeline ranges and boxes are frames counted from 1 with an inclusive end, but not the video's
own: they are counted at the rate of the project, 24 per second unless it was set. Boxes say
which (`framesCount` / `duration`), timelines do not. A box lies between two keyframes where the
first of them is enabled, after an enabled last one up to the end of the video. Audio-like
regions are seconds. A task with nothing but a choice says what its video is and not where. The
newest annotation that was not cancelled counts; a task without one says nothing of its video.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ml.data.truth.claims import Annotations, Claim, Reading
from ml.data.truth.formats import _label_studio as regions
from ml.data.truth.formats._base import AnnotationFormat, named_once, register
from ml.data.truth.source import Source
from ml.findings import Finding, counted, shortened
from ml.records import BadInput

Json = dict[str, Any]


@register
class LabelStudio(AnnotationFormat):
    title = "Label Studio: JSON"
    reading = Reading(base=1, end="inclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        tasks = _tasks(source.document)
        return bool(tasks) and any(_is_task(each) for each in tasks)

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        try:
            tasks = [_read_task(task, reading) for task in _tasks(source.document)]
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{source.name} is no export of Label Studio: {error!r}") from error
        claims = named_once(each.claim for each in tasks if each.claim)
        return Annotations(claims=claims, findings=tuple(_findings_of(tasks, source.name)))


@dataclass(frozen=True, kw_only=True)
class TaskAnnotation:
    """What one task says; nothing where nobody finished it."""

    claim: Claim | None = None
    is_predicted: bool = False  # by a model, too
    rivals: int = 0  # older annotations that say something else
    is_unclocked: bool = False  # its frames are counted at a rate that it does not state
    notes: tuple[str, ...] = ()


def _tasks(document: Any) -> list[Any]:
    """Of a list, of one task, or of a list below `tasks`."""
    if isinstance(document, dict):
        document = document.get("tasks", [document])
    return document if isinstance(document, list) else []


def _is_task(value: Any) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("data"), dict) and "annotations" in value
    )


def _read_task(task: Json, reading: Reading) -> TaskAnnotation:
    path = regions.path_of(task["data"])
    if not path:
        raise BadInput(f"a task names no video: {str(task['data'])[:80]}")
    found = TaskAnnotation(is_predicted=bool(task.get("predictions")))
    finished = [each for each in task["annotations"] if not each.get("was_cancelled")]
    if not finished:
        return found
    *older, newest = [_claim(path, each, reading) for each in sorted(finished, key=_moment)]
    return replace(
        found,
        claim=newest.claim,
        rivals=sum(_content(each.claim) != _content(newest.claim) for each in older),
        is_unclocked=newest.is_unclocked,
        notes=newest.notes,
    )


def _moment(annotation: Json) -> str:
    """When it was changed last; those that do not say it keep their order before all others."""
    return str(annotation.get("updated_at") or annotation.get("created_at") or "")


def _content(claim: Claim | None) -> Any:
    return claim and (claim.intervals, claim.seconds, claim.label)


def _claim(path: str, annotation: Json, reading: Reading) -> TaskAnnotation:
    found = regions.read(path, list(annotation["result"]), reading)
    if found.frames and found.seconds:
        raise BadInput(f"{path} has both ranges of frames and regions in seconds")
    rate = reading.rate or found.rate
    if rate != found.rate and found.rate:
        found.notes.append(f"it counts {found.rate:g} frames per second by its own word")
        found.n_frames = None
    claim = Claim(path=path, label=found.label, duration_seconds=found.duration)
    if found.seconds:
        claim = replace(claim, seconds=found.seconds)
    elif found.frames:
        spans = tuple(reading.interval(*each) for each in found.frames)
        claim = replace(claim, intervals=spans, rate=rate, n_frames=found.n_frames)
    elif not annotation["result"]:
        claim = replace(claim, intervals=())
    return TaskAnnotation(
        claim=claim, is_unclocked=bool(found.frames) and rate is None, notes=tuple(found.notes)
    )


def _findings_of(tasks: list[TaskAnnotation], name: str) -> Iterator[Finding]:
    n_open = sum(each.claim is None for each in tasks)
    if n_open:
        text = f"{n_open} of {len(tasks)} tasks are not annotated and say nothing of their videos"
        yield Finding(level="warning", subject=name, text=text)
    if n_predicted := sum(each.is_predicted for each in tasks):
        text = f"what models predicted in {counted(n_predicted, 'task')} is not used"
        yield Finding(level="info", subject=name, text=text)
    if unclocked := [each.claim.path for each in tasks if each.is_unclocked and each.claim]:
        text = (
            "the file does not say at which rate its frames are counted, which is the project's "
            f"(24 per second unless it was set) and not the video's: {shortened(unclocked)}. They "
            "are taken as the video's own; state the rate if they are not"
        )
        yield Finding(level="warning", subject=name, text=text)
    for each in tasks:
        yield from _of_task(each)


def _of_task(task: TaskAnnotation) -> Iterator[Finding]:
    path = task.claim.path if task.claim else ""
    if task.rivals:
        text = f"{counted(task.rivals, 'older annotation')} of it differ; the newest is taken"
        yield Finding(level="warning", subject=path, text=text)
    for text in task.notes:
        yield Finding(level="warning", subject=path, text=text)

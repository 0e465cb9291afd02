"""A project of the VGG Image Annotator, version 3, as JSON.

    {"project": {…}, "attribute": {"1": {"aname": "event", "type": 4, "options": {"0": "fall"}}},
     "file": {"1": {"fid": "1", "fname": "01.mp4"}}, "view": {"1": {"fid_list": ["1"]}},
     "metadata": {"1_a": {"vid": "1", "z": [2.4, 7.2], "xy": [], "av": {"1": "0"}}}}

`z` has seconds from the video's start, of which two are a stretch with an exclusive end. Its label
is what the attribute of stretches says; where there are several such attributes, the first.
Without `z` an entry is about the whole video. One moment, as of a box in a single picture, says
that the video is abnormal, and not for how long. A file without an entry is not annotated.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ml.data.truth.claims import Annotations, Claim, Reading, Seconds
from ml.data.truth.formats._addresses import path_in
from ml.data.truth.formats._base import (
    AnnotationFormat,
    named_once,
    number,
    register,
    span_of_seconds,
)
from ml.data.truth.source import Source
from ml.findings import Finding, counted, shortened
from ml.records import BadInput

Json = dict[str, Any]
NEEDED = {"project", "attribute", "file", "view", "metadata"}
OF_STRETCHES = "Z2"  # in an attribute's anchor: it belongs to two moments
CHOSEN = (2, 3, 4)  # attributes with options: checkboxes, radio buttons, a list


@dataclass(kw_only=True)
class VideoAnnotation:
    """What a project says of one video."""

    spans: list[Seconds] = field(default_factory=list)
    n_moments: int = 0
    labels: list[str] = field(default_factory=list)  # of the whole video

    def __bool__(self) -> bool:
        return bool(self.spans or self.n_moments or self.labels)


@register
class Via(AnnotationFormat):
    title = "VGG Image Annotator 3: project as JSON"
    reading = Reading(end="exclusive")

    @classmethod
    def recognises(cls, source: Source) -> bool:
        document = source.document
        return isinstance(document, dict) and document.keys() >= NEEDED

    @classmethod
    def read(cls, source: Source, reading: Reading) -> Annotations:
        try:
            return _read(source.document, source.name, reading)
        except (KeyError, TypeError, AttributeError) as error:
            raise BadInput(f"{source.name} is no project of VIA 3: {error!r}") from error


def _read(document: Json, name: str, reading: Reading) -> Annotations:
    paths = {str(key): _path(document, str(key)) for key in document["view"]}
    classes, others = _attributes(document["attribute"])
    annotations: dict[str, VideoAnnotation] = defaultdict(VideoAnnotation)
    for entry in document["metadata"].values():
        _note(
            annotations[str(entry["vid"])], entry, _Labels(document["attribute"], classes, reading)
        )
    if strange := sorted(set(annotations) - set(paths)):
        raise BadInput(f"{name}: it annotates {shortened(strange)}, and no view is called so")
    claims = named_once(
        _claim(paths[view], annotations[view], reading) for view in paths if annotations[view]
    )
    findings = [*_passed(others, name), *_moments(paths, annotations)]
    if n_open := sum(not annotations[view] for view in paths):
        n_videos = counted(len(paths), "video")
        text = f"nothing is marked in {n_open} of {n_videos}, which says nothing of them"
        findings.append(Finding(level="warning", subject=name, text=text))
    return Annotations(claims=claims, findings=tuple(findings))


def _path(document: Json, view: str) -> str:
    files = document["view"][view]["fid_list"]
    if len(files) != 1:
        raise BadInput(f"a view shows {len(files)} files: which is annotated is not certain")
    file = document["file"][str(files[0])]
    path = path_in(str(file.get("fname") or file.get("src") or ""))
    if not path:
        raise BadInput(f"the file {files[0]} has no name")
    return path


def _attributes(attributes: Json) -> tuple[str | None, list[str]]:
    """The attribute that names the class of a stretch, and the names of others like it."""
    known = [key for key, each in attributes.items() if OF_STRETCHES in str(each.get("anchor_id"))]
    ranked = sorted(known, key=lambda key: attributes[key].get("type") not in CHOSEN)
    others = [str(attributes[key].get("aname") or key) for key in ranked[1:]]
    return (ranked[0] if ranked else None), others


@dataclass(frozen=True)
class _Labels:
    """How the values of an entry become its label; `classes` is the attribute that names it."""

    attributes: Json
    classes: str | None
    reading: Reading

    def by_attribute(self, values: Json) -> dict[str, str]:
        """By attribute."""
        return {
            key: self._chosen(value, self.attributes.get(key, {})) for key, value in values.items()
        }

    def _chosen(self, value: Any, attribute: Json) -> str:
        """The option's text; of several, which commas part, the first that is not normal."""
        options = attribute.get("options") or {}
        if attribute.get("type") not in CHOSEN:
            return str(value).strip()
        given = [str(options.get(each, each)).strip() for each in str(value).split(",") if each]
        named = [each for each in given if not self.reading.is_normal(each)]
        return (named or given or [""])[0]


def _note(annotation: VideoAnnotation, entry: Json, labels: _Labels) -> None:
    moments = [number(each, "z") for each in entry["z"]]
    values = labels.by_attribute(entry["av"])
    if len(moments) == 2:
        first = next(iter(values.values()), "")
        label = values.get(labels.classes, "") if labels.classes else first
        annotation.spans.append(span_of_seconds(moments[0], moments[1], label))
    elif len(moments) == 1:
        annotation.n_moments += 1
    elif moments:
        raise BadInput(f"z {moments} is neither a moment nor a stretch")
    elif entry.get("xy"):
        raise BadInput("a region lies at no time: such regions are of pictures, not of videos")
    else:
        annotation.labels += [value for value in values.values() if value]


def _claim(path: str, annotation: VideoAnnotation, reading: Reading) -> Claim:
    label = annotation.labels[0] if annotation.labels else ""
    if annotation.spans:
        return Claim(path=path, seconds=tuple(sorted(annotation.spans)), label=label)
    return Claim(
        path=path, label="" if annotation.n_moments and reading.is_normal(label) else label
    )


def _passed(others: list[str], name: str) -> Iterator[Finding]:
    if others:
        text = f"what the attributes {shortened(others)} say of stretches is not used"
        yield Finding(level="warning", subject=name, text=text)


def _moments(paths: dict[str, str], annotations: dict[str, VideoAnnotation]) -> Iterator[Finding]:
    for view, each in annotations.items():
        if each.n_moments:
            text = f"{counted(each.n_moments, 'mark')} of a single moment: for how long is not said"
            yield Finding(level="warning", subject=paths[view], text=text)

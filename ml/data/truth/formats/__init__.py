"""Formats of ground truth. A new one is one file here: a class with @register.

Each says in its docstring how it counts: the number of its first frame, whether the end of an
interval is still abnormal, and the frame rate that it means. What is read is frames from 0 with
exclusive ends, or seconds. Nothing is repaired here: see `ml.data.truth.alignment`. What a file
marks as normal is taken out of what it says here, once for all formats.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml.data.truth.claims import COUNTING, MAX_RATE, Annotations, Reading
from ml.data.truth.formats._base import FORMATS, AnnotationFormat
from ml.data.truth.normality import own_labels, without_normal
from ml.data.truth.source import Source
from ml.findings import Finding
from ml.records import BadInput
from ml.signatures import LFS_POINTER


class UnknownFormat(BadInput):
    """No format recognises it."""


def load_formats() -> dict[str, type[AnnotationFormat]]:
    return FORMATS.load()


def read_annotations(
    path: Path, *, name: str = "", format: str = "", options: dict[str, Any] | None = None
) -> Annotations:
    """The claims of a file or folder, read as `format` or as what its content looks like.

    `options` override how the format counts: "base" 0 or 1, "end" inclusive or exclusive,
    "rate" in frames per second. They come before what a file says of itself. "normal_labels"
    are a list of labels that are normal in this dataset, beside those that say so in themselves.
    Raise BadInput with one sentence.
    """
    given = dict(options or {})
    also = _own_labels(given.pop("normal_labels", None))
    asked = _checked(given)
    source = Source(path, name or path.name)
    _check(source)
    found = format or _detect(source)
    kind = FORMATS.find(found)
    if format and not kind.recognises(source):
        raise BadInput(f"{source.name} does not look like {kind.title}{_instead(source)}")
    counting = _checked(kind.stated(source)) | asked
    reading = replace(kind.reading, normal_labels=also, **counting)
    annotations = _read(kind, source, reading)
    if not annotations.claims and annotations.vector is None:
        raise BadInput(f"{source.name} annotates no video")
    findings = (*source.text.findings, *annotations.findings, *_unused(asked, annotations, source))
    annotations = replace(
        annotations, format=found, title=kind.title, reading=reading, findings=findings
    )
    return without_normal(annotations, source=source.name, also=also)


def _read(kind: type[AnnotationFormat], source: Source, reading: Reading) -> Annotations:
    try:
        return kind.read(source, reading)
    except (ValueError, OverflowError) as error:  # a number that is none, or has 5,000 digits
        raise BadInput(f"{source.name} cannot be read as {kind.title}: {error}") from error


def _unused(asked: dict[str, Any], found: Annotations, source: Source) -> Iterator[Finding]:
    """How frames count was stated, and no number of a frame is in the file."""
    if asked and not any(claim.intervals for claim in found.claims):
        stated = ", ".join(f"{key} {value}" for key, value in asked.items())
        text = f"{stated}: changes nothing, since the file has no numbers of frames"
        yield Finding(level="warning", subject=source.name, text=text)


def _check(source: Source) -> None:
    from ml.data.truth.refusals import check_kind

    if not source.path.exists():
        raise BadInput(f"{source.name} does not exist on the machine that reads it")
    if not source.path.is_file() and not source.path.is_dir():
        raise BadInput(f"{source.name} is neither a file nor a folder")
    if source.path.is_file() and not source.head:
        raise BadInput(f"{source.name} is empty")
    if source.head.startswith(LFS_POINTER):
        raise BadInput(f"{source.name} is a Git LFS pointer: fetch the file itself")
    check_kind(source)


def _detect(source: Source) -> str:
    from ml.data.truth.refusals import why_unknown

    for name, kind in FORMATS.in_order():
        if kind.recognises(source):
            return name
    raise UnknownFormat(why_unknown(source))


def _instead(source: Source) -> str:
    """What it is, where that is known: another format was asked for."""
    try:
        return f", but like {load_formats()[_detect(source)].title}"
    except BadInput as error:
        return f". It {str(error).removeprefix(f'{source.name} ')}"


def _own_labels(given: Any) -> tuple[str, ...]:
    if given is None:
        return ()
    if not isinstance(given, list | tuple) or not all(isinstance(each, str) for each in given):
        raise BadInput(f"normal_labels {given!r} is no list of labels")
    return own_labels(given)


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    if options.get("base") not in (None, 0, 1) or isinstance(options.get("base"), bool):
        raise BadInput(f"base {options['base']!r} is neither 0 nor 1")
    if options.get("end") not in (None, "inclusive", "exclusive"):
        raise BadInput(f"end {options['end']!r} is neither inclusive nor exclusive")
    rate = options.get("rate")
    is_number = isinstance(rate, int | float) and not isinstance(rate, bool)
    if rate is not None and not (is_number and 0 < rate <= MAX_RATE):
        raise BadInput(f"rate {rate!r} is no number of frames per second")
    if unknown := sorted(set(options) - set(COUNTING)):
        known = "base, end, rate and normal_labels"
        raise BadInput(f"{', '.join(unknown)}: not known; known are {known}")
    return {key: options[key] for key in COUNTING if options.get(key) is not None}


__all__ = ["Annotations", "Reading", "UnknownFormat", "load_formats", "read_annotations"]

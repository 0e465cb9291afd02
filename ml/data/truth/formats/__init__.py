"""Formats of ground truth. A new one is one file here: a class with @register.

Each says in its docstring how it counts: the number of its first frame, whether the end of an
interval is still abnormal, and the frame rate that it means. What is read is frames from 0 with
exclusive ends. Nothing is repaired here: see `ml.data.truth.alignment`.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml.data.truth.claims import Annotations, Reading
from ml.data.truth.formats._base import FORMATS, AnnotationFormat, in_order
from ml.data.truth.source import LFS, Source
from ml.records import BadInput


def load_formats() -> dict[str, type[AnnotationFormat]]:
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return FORMATS


def read_annotations(
    path: Path, *, name: str = "", format: str = "", options: dict[str, Any] | None = None
) -> Annotations:
    """The claims of a file or folder, read as `format` or as what its content looks like.

    `options` override how the format counts: "base" 0 or 1, "end" inclusive or exclusive,
    "rate" in frames per second. They come before what a file says of itself. Raise BadInput with
    one sentence.
    """
    source = Source(path, name or path.name)
    _check(source)
    found = format or _detect(source)
    if found not in load_formats():
        raise BadInput(f"{found} is not a known format: {', '.join(sorted(FORMATS))}")
    kind = FORMATS[found]
    if format and not kind.recognises(source):
        raise BadInput(f"{source.name} does not look like {kind.title}{_first_line(source)}")
    counting = _checked(kind.stated(source)) | _checked(options or {})
    reading = replace(kind.reading, **counting)
    annotations = _read(kind, source, reading)
    if not annotations.claims and annotations.vector is None:
        raise BadInput(f"{source.name} annotates no video")
    return replace(annotations, format=found, title=kind.title, reading=reading)


def _read(kind: type[AnnotationFormat], source: Source, reading: Reading) -> Annotations:
    try:
        return kind.read(source, reading)
    except (ValueError, OverflowError) as error:  # a number that is none, or has 5,000 digits
        raise BadInput(f"{source.name} cannot be read as {kind.title}: {error}") from error


def _check(source: Source) -> None:
    if not source.path.exists():
        raise BadInput(f"{source.name} does not exist on the machine that reads it")
    if not source.path.is_file() and not source.path.is_dir():
        raise BadInput(f"{source.name} is neither a file nor a folder")
    if source.path.is_file() and not source.head:
        raise BadInput(f"{source.name} is empty")
    if source.head.startswith(LFS):
        raise BadInput(f"{source.name} is a Git LFS pointer: fetch the file itself")


def _detect(source: Source) -> str:
    load_formats()
    for name, kind in in_order():
        if kind.recognises(source):
            return name
    titles = ", ".join(kind.title for _name, kind in in_order())
    raise BadInput(
        f"{source.name} is no ground truth that is known{_first_line(source)}. Known are: {titles}"
    )


def _first_line(source: Source) -> str:
    return f"; its first line is {source.lines[0][:80]!r}" if source.lines else ""


def _checked(options: dict[str, Any]) -> dict[str, Any]:
    if options.get("base") not in (None, 0, 1):
        raise BadInput(f"base {options['base']!r} is neither 0 nor 1")
    if options.get("end") not in (None, "inclusive", "exclusive"):
        raise BadInput(f"end {options['end']!r} is neither inclusive nor exclusive")
    rate = options.get("rate")
    if rate is not None and not (isinstance(rate, int | float) and 0 < rate <= 1000):
        raise BadInput(f"rate {rate!r} is no number of frames per second")
    known = {key: options[key] for key in ("base", "end", "rate") if options.get(key) is not None}
    if unknown := sorted(set(options) - {"base", "end", "rate"}):
        raise BadInput(f"{', '.join(unknown)}: not known; known are base, end and rate")
    return known


__all__ = ["Annotations", "Reading", "load_formats", "read_annotations"]

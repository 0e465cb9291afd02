"""Detectors by name: described for the site, and made with their options and files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml import configs
from ml.bad_input import BadInput
from ml.data.video.probe import sha256_of
from ml.detectors._base import DETECTORS, Detector


def describe() -> list[dict[str, Any]]:
    """All of them; `lacks` is the sentence that says which package is missing, else empty."""
    return [
        {
            "name": name,
            "title": detector.title,
            "summary": detector.summary,
            "source": detector.source,
            "licence": detector.licence,
            "version": detector.version,
            "files": dict(detector.files),
            "schema": configs.schema_of(detector.Options),
            "lacks": _lacks(detector),
        }
        for name, detector in sorted(DETECTORS.load().items())
    ]


def create_detector(name: str, options: dict[str, Any], files: Mapping[str, Path]) -> Detector:
    """Raise BadInput for an unknown detector, option or file, and for files that are none of its.

    `files` by their names in `Detector.files`.
    """
    detector = DETECTORS.find(name)
    parsed = configs.parse(detector.Options, options, of=f"the detector {name}")
    if files.keys() != detector.files.keys():
        wanted = "; ".join(f"{key}: {text}" for key, text in detector.files.items()) or "none"
        given = ", ".join(sorted(files)) or "none"
        raise BadInput(f"The detector {name} takes these files: {wanted} (given: {given})")
    return detector(parsed, files)


def facts_of(detector: Detector, name: str, files: Mapping[str, Path]) -> dict[str, Any]:
    """What made the regions, for people and to make them again."""
    own = {path.name: path for path in detector.own_files()}
    return {
        "detector": name,
        "title": detector.title,
        "version": detector.version,
        "source": detector.source,
        "licence": detector.licence,
        "options": configs.as_json(detector.options),
        "files": {key: {"name": path.name, "sha256": sha256_of(path)}
                  for key, path in [*files.items(), *own.items()]},
    }  # fmt: skip


def _lacks(detector: type[Detector]) -> str:
    try:
        detector.own_files()
    except BadInput as error:
        return str(error)
    return ""

"""Reads ground truth and lays it against the spec's videos: see `ml.data.truth.alignment`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.data.truth.alignment import align
from ml.data.truth.formats import read_annotations
from ml.data.truth.videos import VideoSet, known_videos
from ml.records import Interval
from ml.reports import Reporter
from ml.verbs._spec import Spec, limit_memory


def run(spec: Spec, reporter: Reporter) -> None:
    limit_memory()
    annotations = read_annotations(
        Path(spec["path"]),
        name=spec.get("name", ""),
        format=spec.get("format", ""),
        options=spec.get("options"),
    )
    reference = {name: _intervals(rows) for name, rows in spec.get("reference", {}).items()}
    found = align(
        annotations,
        VideoSet(known_videos(spec["videos"], spec.get("times", "")), spec.get("order", ())),
        reference=reference or None,
    )
    reporter.send("alignment", values=found.to_json())


def _intervals(rows: list[list[Any]]) -> tuple[Interval, ...]:
    return tuple(
        Interval(start_frame=start, end_frame=end, label=label) for start, end, label in rows
    )

"""`python -m ml annotations`: a ground-truth file laid against true frame counts."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ml.data.listed import list_videos
from ml.data.truth.alignment import align
from ml.data.truth.claims import COUNTING
from ml.data.truth.formats import read_annotations
from ml.data.truth.rows import Alignment
from ml.data.truth.videos import KnownVideo, VideoSet
from ml.findings import Finding, counted
from ml.records import BadInput, Interval, Manifest

GIVEN = (*COUNTING, "normal_labels")


def add_verb(verbs: Any) -> None:
    verb = verbs.add_parser("annotations", help="check ground truth against frame counts")
    verb.add_argument("file", type=Path, help="a file, or a folder of masks or label arrays")
    verb.add_argument(
        "--videos", type=Path, required=True, help="a manifest, or a file with names and counts"
    )
    verb.add_argument("--reference", type=Path, help="ground truth that is known already")
    verb.add_argument("--format", default="", help="detected by content when left out")
    verb.add_argument("--base", type=int, choices=[0, 1], help="number of the first frame")
    verb.add_argument("--end", choices=["inclusive", "exclusive"])
    verb.add_argument("--rate", type=float, help="frames per second that the file counts in")
    verb.add_argument(
        "--normal-label",
        action="append",
        dest="normal_labels",
        metavar="LABEL",
        help="a label that is normal here; may be given several times",
    )
    verb.add_argument(
        "--fps", type=float, default=0.0, help="of the videos, where the file counts otherwise"
    )
    verb.add_argument("--json", action="store_true")
    verb.set_defaults(run=show)


def show(options: argparse.Namespace) -> int:
    """Print how it lies; 1 where something in it no repair can settle."""
    given = {name: getattr(options, name) for name in GIVEN if getattr(options, name) is not None}
    known, doubts = _videos(options.videos, options.normal_labels or [])
    videos = VideoSet([replace(video, fps=options.fps) for video in known])
    labels = {"normal_labels": options.normal_labels or []}
    found = align(
        read_annotations(options.file, format=options.format, options=given),
        videos,
        reference=_reference(options.reference, videos, labels) if options.reference else None,
    )
    found = replace(found, findings=(*doubts, *found.findings))
    print(json.dumps(found.to_json(), indent=1) if options.json else _text_of(found))
    notes = (note for row in found.rows for note in row.notes)
    return int(bool(_errors([*found.findings, *notes])))


def _videos(path: Path, normal_labels: Sequence[str]) -> tuple[list[KnownVideo], list[Finding]]:
    """Of a manifest or of a list. Raise BadInput where it is neither."""
    try:
        manifest = Manifest.load(path)
    except BadInput:
        listed = list_videos(path, normal_labels=normal_labels)
        return [
            KnownVideo(name=each.name, n_frames=each.n_frames, label=each.label, part=each.part)
            for each in listed.videos
            if each.n_frames
        ], listed.findings
    return [
        KnownVideo(name=each.id, n_frames=each.n_frames, label=each.label, part=each.part)
        for each in manifest.videos
    ], []


def _reference(
    path: Path, videos: VideoSet, labels: dict[str, Any]
) -> dict[str, Sequence[Interval]]:
    """What another file says with all repairs, but for videos that none can settle."""
    rows = align(read_annotations(path, options=labels), videos).rows
    return {row.video: row.intervals for row in rows if row.video and not _errors(row.notes)}


def _errors(findings: Iterable[Finding]) -> list[Finding]:
    return [each for each in findings if each.level == "error"]


def _text_of(found: Alignment) -> str:
    lines = [found.annotations.title, found.rule]
    lines += [f"{each.level:<9}{each.subject} {each.text}" for each in found.findings]
    lines += [
        f"repair   {each['text']} ({counted(each['n_videos'], 'video')})"
        for each in found.repairs.values()
    ]
    for row in found.rows:
        lines += [f"{note.level:<9}{row.video}: {note.text}" for note in row.notes]
    return "\n".join(line for line in lines if line)

"""A plain folder of videos and of image folders, with a manifest or without one.

`manifest.csv` or `manifest.json` lies in the folder itself:

    name,part,label,intervals,fps
    train/01.mp4,train,normal,,
    test/01.mp4,test,running,61:180; 200:250:thrown bag,

    {"videos": [{"name": "test/01.mp4", "part": "test", "label": "running",
                 "intervals": [[61, 180], [200, 250, "thrown bag"]]}]}

name       path below the folder, `/` between its parts; the ending may be left out
part       train, validation or test; by default the first folder called so gives it
label      of the whole video: "normal", a class, or nothing
intervals  abnormal frames: counted from 0, end exclusive (61:180 are the frames 61 to 179);
           a third value is the class, otherwise the video's label is
fps        at which the images of an image sequence were taken; 25 when absent. Video files
           carry their own times, and intervals always count decoded frames
frame_numbers  `order`: the pictures of an image sequence are its frames as they lie, although
           numbers in their names are missing or do not fit

Only `name` must be there. Without a manifest folders called train(ing), val(idation) and
test(ing) give the part, and all else is test.
"""

from __future__ import annotations

import csv
import json
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from ml.data.layouts._base import DatasetLayout, Listed, register
from ml.data.layouts._listing import is_inside, list_videos
from ml.data.numbering import IN_ORDER, FrameNumbers
from ml.data.truth.claims import Annotations, Claim
from ml.data.truth.settling import Truth, TruthFile, TruthSource
from ml.findings import Finding
from ml.naming import NameIndex, part_of
from ml.normal import canonical_label
from ml.records import BadInput, Interval

COLUMNS = ("name", "part", "label", "intervals", "fps", "frame_numbers")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One video of the manifest, checked for itself."""

    name: str
    part: str = ""
    label: str = ""
    fps: float | None = None
    frame_numbers: str = ""
    intervals: tuple[Interval, ...] = ()


@register
class PlainFolder(DatasetLayout):
    title = "Folder of videos, with a manifest or without"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._manifest = _find_manifest(folder)
        self._rows: dict[str, Row] = {}

    @classmethod
    def recognises(cls, folder: Path) -> bool:
        return True

    def videos(self) -> tuple[list[Listed], list[Finding]]:
        listed, findings = list_videos(self.folder)
        if self._manifest is None:
            return listed, findings
        rows, faults = read_manifest(self._manifest)
        index = NameIndex(listed, name=lambda video: video.name)
        for row in rows:
            video = index.find(row.name)
            name = video.name if video else row.name
            if self._rows.setdefault(name, row) is not row:
                text = f"{self._manifest.name} lists it twice; only the first one counts"
                faults.append(Finding(level="error", subject=name, text=text))
        strangers = [
            Finding(
                level="error",
                subject=video.name,
                text=f"it is not in {self._manifest.name}, so it counts as normal throughout",
            )
            for video in listed
            if video.name not in self._rows
        ]
        return [self._completed(video) for video in listed], [*findings, *faults, *strangers]

    def truth(self, videos: list[Listed]) -> Truth:
        if self._manifest is None:
            return Truth()
        file = TruthFile(path=self._manifest, read=self._annotations)
        source = TruthSource(name=self._manifest.name, files=(file,))
        return Truth(sources=(source,), needs_test=False)  # a video without a row is told already

    def _annotations(self, path: Path, *, options: Mapping[str, Any]) -> Annotations:
        return Annotations(
            claims=tuple(
                Claim(path=name, label=row.label, intervals=row.intervals)
                for name, row in self._rows.items()
            )
        )

    def _completed(self, video: Listed) -> Listed:
        row = self._rows.get(video.name)
        if row is None:
            return video
        part = part_of(row.part) or video.part
        return replace(
            video, part=part, label=row.label, fps=row.fps, frame_numbers=row.frame_numbers
        )


def read_manifest(path: Path) -> tuple[list[Row], list[Finding]]:
    """Rows that can be used, and findings about the others. Raise BadInput if it is no manifest."""
    rows: dict[str, Row] = {}
    findings: list[Finding] = []
    for number, values in enumerate(_records(path), start=1):
        try:
            row = _row(values)
            if row.name in rows:
                raise BadInput(f"{row.name} is listed twice; only the first one counts")
        except BadInput as error:
            subject = f"{path.name}, video {number}"
            findings.append(Finding(level="error", subject=subject, text=str(error)))
        else:
            rows[row.name] = row
    return list(rows.values()), findings


def _find_manifest(folder: Path) -> Path | None:
    """Raise BadInput when it is not clear which file is meant."""
    found = [
        path
        for path in (folder / "manifest.csv", folder / "manifest.json")
        if path.is_file() and is_inside(folder, path)
    ]
    if len(found) > 1:
        raise BadInput("the folder has both manifest.csv and manifest.json: keep one")
    return found[0] if found else None


def _records(path: Path) -> list[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".csv":
            return _csv_records(text)
        videos = json.loads(text)["videos"]
        if not all(isinstance(video, dict) for video in videos):
            raise TypeError("a video is not an object")
    except (ValueError, KeyError, TypeError, csv.Error) as error:
        raise BadInput(f"{path.name} is not a manifest: {error}") from error
    return list(videos)


def _csv_records(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(text.splitlines(), restkey="more cells than columns")
    if "name" not in (reader.fieldnames or []):
        raise ValueError("its first line has no column called name")
    return [
        record | {"intervals": _split_intervals(record.get("intervals") or "")} for record in reader
    ]


def _split_intervals(cell: str) -> list[list[str]]:
    return [part.strip().split(":", 2) for part in cell.split(";") if part.strip()]


def _row(values: Mapping[str, Any]) -> Row:
    unknown = [str(key) for key in values if key not in COLUMNS]
    if unknown:
        raise BadInput(f"unknown: {', '.join(unknown)}; known are {', '.join(COLUMNS)}")
    name, part, label = (str(values.get(key) or "").strip() for key in ("name", "part", "label"))
    if not name:
        raise BadInput("it has no name")
    if part and not part_of(part):
        raise BadInput(f"{name}: part {part} is none of train, validation and test")
    intervals = values.get("intervals") or ()
    return Row(
        name=name.replace("\\", "/"),
        part=part.lower(),
        label=canonical_label(label),
        fps=_rate(values.get("fps")),
        frame_numbers=_frame_numbers(name, values.get("frame_numbers")),
        intervals=tuple(_intervals(name, intervals, label=label)),
    )


def _frame_numbers(name: str, value: Any) -> str:
    said = str(value or "").strip().lower()
    if said not in get_args(FrameNumbers):
        raise BadInput(f"{name}: frame_numbers {value} is not {IN_ORDER}")
    return said


def _rate(value: Any) -> float | None:
    if value in (None, ""):
        return None
    try:
        rate = float(value)
    except (TypeError, ValueError):
        rate = 0.0
    if not 0 < rate <= 1000:
        raise BadInput(f"fps {value} is not a rate")
    return rate


def _intervals(name: str, values: Iterable[Any], *, label: str) -> Iterable[Interval]:
    for value in values:
        try:
            start, end, *rest = value
            yield Interval(
                start_frame=_frame(start),
                end_frame=_frame(end),
                label=str(rest[0]).strip() if rest else label,
            )
        except (TypeError, ValueError) as error:
            raise BadInput(
                f"{name}: {value} is not an interval of start, end and perhaps a class"
            ) from error


def _frame(value: Any) -> int:
    """Raise TypeError or ValueError for a fraction: that would be seconds, and no frame."""
    return int(value) if isinstance(value, str) else operator.index(value)

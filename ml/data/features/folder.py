"""A folder of features, one .npy file for each video, told file by file.

Files are matched to videos by name, as everywhere. One that does not fit is told and left out.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.data.features.health import Health
from ml.data.features.store import read_array
from ml.findings import Finding, counted, shortened
from ml.naming import NameIndex
from ml.records import BadInput
from ml.reports import Reporter

SUFFIX = ".npy"
MAX_FILES = 200_000


def read_features(spec: dict[str, Any], reporter: Reporter) -> None:
    """Look at the `.npy` files of the spec's `folder`, and send what each holds.

    `videos` are [{"id", "name", "n_frames"}], `frames_per_row` how many frames a row is made of.
    Raise BadInput where not one file fits.
    """
    _Reading(spec, reporter).run()


class _Reading:
    """One pass over a folder."""

    def __init__(self, spec: dict[str, Any], reporter: Reporter) -> None:
        self.folder = Path(spec["folder"])
        self.frames_per_row = int(spec["frames_per_row"])
        self.videos = {video["name"]: video for video in spec["videos"]}
        self.reporter = reporter
        self.health = Health()
        self.shape: tuple[int, int] | None = None  # crops and numbers of the first file that fits
        self.found: dict[str, str] = {}  # file by video
        self.unknown: list[str] = []

    def run(self) -> None:
        index = NameIndex(self.videos, name=str)
        files = _files(self.folder)
        for number, path in enumerate(files):
            self.reporter.progress(stage="read", done=number, total=len(files), unit="files")
            self._read(path, index)
        if not self.found:
            raise BadInput(
                f"None of the {len(files)} files {SUFFIX} in {self.folder.name} fits a video of "
                f"this dataset{_such_as(self.unknown)}"
            )
        self._finish()

    def _read(self, path: Path, index: NameIndex[str]) -> None:
        name = path.relative_to(self.folder).with_suffix("").as_posix()
        video = index.find(name)
        if video is None:
            self.unknown.append(f"{name} ({index.why_not(name)})")
            return
        try:
            self._take(path, self.videos[video])
        except BadInput as error:
            self._tell("error", video, str(error))

    def _take(self, path: Path, video: Mapping[str, Any]) -> None:
        if other := self.found.get(video["name"]):
            raise BadInput(f"{path.name} would be a second file of it: {other} is one, too")
        rows = read_array(path)
        self._check_shape(rows, path.name)
        explain_rows(len(rows), video["n_frames"], self.frames_per_row, path.name)
        self.health.add(rows, path.name)
        self.shape = rows.shape[1:]
        self.found[video["name"]] = path.name
        self._send(path, video, rows)

    def _check_shape(self, rows: NDArray[np.floating[Any]], name: str) -> None:
        if self.shape not in (None, rows.shape[1:]):
            first = " × ".join(map(str, self.shape or ()))
            mine = " × ".join(map(str, rows.shape[1:]))
            raise BadInput(f"{name} has {mine} crops × numbers, and the files before it {first}")

    def _send(self, path: Path, video: Mapping[str, Any], rows: NDArray[Any]) -> None:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.reporter.send(
            "features",
            video_id=video["id"],
            path=path.relative_to(self.folder).as_posix(),
            sha256=sha256,
            n_rows=len(rows),
        )

    def _finish(self) -> None:
        missing = [name for name in self.videos if name not in self.found]
        if missing:
            self._tell(
                "warning",
                "videos",
                f"no features of {counted(len(missing), 'video')}{_such_as(missing)}",
            )
        if self.unknown:
            text = f"{counted(len(self.unknown), 'file')} of no video here{_such_as(self.unknown)}"
            self._tell("warning", "files", text)
        for finding in self.health.findings():
            self.reporter.send("finding", **asdict(finding))
        n_crops, dimension = self.shape or (0, 0)
        facts = {"n_crops": n_crops, "dimension": dimension, "health": self.health.to_json()}
        self.reporter.send("result", values=facts)

    def _tell(self, level: Any, subject: str, text: str) -> None:
        self.reporter.send("finding", **asdict(Finding(level=level, subject=subject, text=text)))


def explain_rows(n_rows: int, n_frames: int, frames_per_row: int, name: str) -> None:
    """Raise BadInput unless a video's frames give so many rows, the last one left out or not."""
    fewest, most = n_frames // frames_per_row, -(-n_frames // frames_per_row)
    if n_rows not in (fewest, most):
        expected = str(most) if fewest == most else f"{fewest} or {most}"
        raise BadInput(
            f"{name} has {n_rows} rows where {n_frames} frames in rows of {frames_per_row} give "
            f"{expected}"
        )


def _files(folder: Path) -> list[Path]:
    """In the order of their names. Raise BadInput where there are none, or far too many."""
    found = sorted(_below(folder))
    if not found:
        raise BadInput(f"There is no file {SUFFIX} in {folder.name}")
    return found


def _below(folder: Path) -> Iterator[Path]:
    n_files = 0
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.lower().endswith(SUFFIX) and not name.startswith("."):
                n_files += 1
                if n_files > MAX_FILES:
                    raise BadInput(f"There are more than {MAX_FILES} files in {folder.name}")
                yield Path(parent, name)


def _such_as(names: Iterable[str]) -> str:
    listed = list(names)
    return f": {shortened(listed)}" if listed else ""

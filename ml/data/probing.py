"""Every video of a dataset examined in a child of its own, some at a time.

Pixels of more than 8 bits need a scale that all videos of the dataset share, so such videos are
gone through twice: for the range of their values, and once this is known of all.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml.data.layouts import Listed
from ml.data.video import sandbox
from ml.data.video.images import image_files
from ml.data.video.pixels import FEW_LEVELS, Range, Scale, common_scale
from ml.findings import Finding, counted, shortened
from ml.records import BadInput

N_CORES = len(os.sched_getaffinity(0))
N_AT_ONCE = max(2, min(8, N_CORES))
SMALL = 2_000_000  # bytes of a file that is read before several threads have begun to share it
FILES = ("pts", "proxy", "poster", "contact_sheet")  # of a video, in the events by their path
NOTHING_KNOWN = {
    "sha256": "", "n_bytes": 0, "n_frames": 0, "width": 0, "height": 0, "rotation": 0, "fps": 0.0,
    "is_variable_rate": False, "duration_seconds": 0.0, "codec": "", "has_audio": False,
    "proxy_fps": 0.0, "pixel_low": 0, "pixel_high": 0, "numbering_fault": "", "warnings": [],
    "notes": [],
} | dict.fromkeys(FILES, "")  # fmt: skip
Found = dict[str, Any]  # of one video


@dataclass(frozen=True, kw_only=True)
class Probing:
    """Where the videos lie, where their files go, and what one may use."""

    folder: Path
    out_dir: Path
    limits: sandbox.Limits = field(default_factory=sandbox.Limits)
    frame_numbers: str = ""
    n_at_once: int = N_AT_ONCE

    def all(
        self, videos: Sequence[Listed], report: Callable[[Listed, Found], None]
    ) -> list[Finding]:
        """Each video is told once, readable or rejected. The findings are about deep pixels."""
        deep: dict[str, Range] = {}
        jobs = list(enumerate(videos))
        for video, found in self._each(jobs, {}):
            if "range" in found:
                deep[video.name] = Range(**found["range"])
            else:
                report(video, found)
        scales = _scales(deep)
        for video, found in self._each([job for job in jobs if job[1].name in deep], scales):
            report(video, found)
        return list(_about(deep, scales))

    def _each(
        self, jobs: Sequence[tuple[int, Listed]], scales: Mapping[str, Scale]
    ) -> Iterator[tuple[Listed, Found]]:
        n_at_once = max(1, min(self.n_at_once, len(jobs)))
        cores = max(1, N_CORES // n_at_once)

        def look(job: tuple[int, Listed]) -> Found:
            return self._examined(*job, scales.get(job[1].name), cores)

        pool = ThreadPoolExecutor(n_at_once)
        try:
            yield from zip([video for _, video in jobs], pool.map(look, jobs), strict=True)
        finally:  # also when this process is told to end
            pool.shutdown(cancel_futures=True)

    def _examined(self, number: int, video: Listed, scale: Scale | None, cores: int) -> Found:
        path, folder = self.folder / video.path, self.out_dir / f"{number:06}"
        folder.mkdir(parents=True, exist_ok=scale is not None)
        n_bytes = 0
        try:
            n_bytes = _n_bytes(path)
            found = sandbox.run(
                self._request(video, scale),
                folder=folder,
                n_bytes=n_bytes,
                limits=self.limits,
                threads=cores if n_bytes > SMALL else 1,
            )
        except BadInput as error:
            shutil.rmtree(folder)
            return NOTHING_KNOWN | {"status": "rejected", "reason": str(error), "n_bytes": n_bytes}
        if "range" in found:
            return found
        files = {name: str(folder / found[name]) for name in FILES}
        return {"status": "ready", "reason": ""} | found | files

    def _request(self, video: Listed, scale: Scale | None) -> dict[str, Any]:
        return {
            "path": str((self.folder / video.path).resolve()),
            "kind": video.kind,
            "fps": video.fps,
            "frame_numbers": video.frame_numbers or self.frame_numbers,
            "scale": scale and [scale.low, scale.high],
        }


def _n_bytes(path: Path) -> int:
    try:
        files = image_files(path) if path.is_dir() else [path]
        return sum(file.stat().st_size for file in files)
    except OSError as error:
        raise BadInput(f"the file cannot be read: {error.strerror}") from error


def _scales(deep: Mapping[str, Range]) -> dict[str, Scale]:
    """One for all grey videos, so that their pixels stay comparable, and one for all in colour."""
    scales: dict[str, Scale] = {}
    for is_colour in (False, True):
        alike = {name: each for name, each in deep.items() if each.is_colour == is_colour}
        if alike:
            scales |= dict.fromkeys(alike, common_scale(alike.values()))
    return scales


def _about(deep: Mapping[str, Range], scales: Mapping[str, Scale]) -> Iterator[Finding]:
    for scale in dict.fromkeys(scales.values()):
        names = [name for name, each in scales.items() if each == scale]
        ranges = [deep[name] for name in names]
        low, high = min(each.low for each in ranges), max(each.high for each in ranges)
        text = (
            f"pixels of more than 8 bits in {counted(len(names), 'video')} ({shortened(names)}): "
            f"black is {scale.low}, white is {scale.high}, evenly in between"
        )
        if low < scale.low or high > scale.high:
            text += f"; their values go from {low} to {high}, but few are outside, and are cut off"
            yield Finding(level="warning", subject="pixels", text=text)
        else:
            yield Finding(level="info", subject="pixels", text=text)
    for name, scale in scales.items():
        if (n_levels := scale.levels(deep[name])) < FEW_LEVELS:
            text = f"its pixels use {n_levels} of the 256 levels that the dataset's scale gives"
            yield Finding(level="warning", subject=name, text=text)

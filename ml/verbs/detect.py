"""Finds persons in the spec's videos: of each a file of regions. What fails is told.

{"verb": "detect", "detector": "hog", "options": {…}, "files": {name: path}, "videos": […],
 "names": {id: name}, "n_done": 0, "out_dir": …}
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import cv2

from ml import threads
from ml.detectors import Detector, create_detector, facts_of, find_regions
from ml.findings import Finding
from ml.records import BadInput, VideoRecord
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir, videos_of

STAGE = "detect"
PROGRESS_SECONDS = 1.0  # how often within a video


def run(spec: Spec, reporter: Reporter) -> None:
    """`names` are what people call the videos, `n_done` how many were looked at before."""
    threads.allow(spec.get("threads"))
    cv2.setNumThreads(threads.allowed())
    files = {name: Path(path) for name, path in spec.get("files", {}).items()}
    detector = create_detector(spec["detector"], spec.get("options", {}), files)
    reporter.send("detector", values=facts_of(detector, spec["detector"], files))
    _Search(detector, spec, reporter).run()


class _Search:
    """One pass over the videos."""

    def __init__(self, detector: Detector, spec: Spec, reporter: Reporter) -> None:
        self.detector = detector
        self.videos = videos_of(spec)
        self.names = spec.get("names", {})
        self.n_done = spec.get("n_done", 0)
        self.total = self.n_done + len(self.videos)
        self.folder = out_dir(spec)
        self.reporter = reporter
        self.reported_at = 0.0

    def run(self) -> None:
        n_regions = 0
        for number, video in enumerate(self.videos, start=self.n_done):
            self._report_progress(number)
            try:
                n_regions += self._look_at(video, number)
            except BadInput as error:
                self._tell(video, "error", str(error))
        self._report_progress(self.total)
        self.reporter.send("result", values={"n_videos": len(self.videos), "n_regions": n_regions})

    def _look_at(self, video: VideoRecord, number: int) -> int:
        def on_frame(frame: int) -> None:
            if time.monotonic() - self.reported_at > PROGRESS_SECONDS:
                done = min(1.0, round(frame / max(1, video.n_frames), 2))
                self._report_progress(number + done)

        found = find_regions(self.detector, video, on_frame)
        path = self.folder / f"{video.id}.json"
        path.write_text(json.dumps([asdict(piece) for piece in found.pieces]))
        self.reporter.send(
            "regions", video_id=video.id, path=str(path), n_regions=len(found.pieces),
            n_tracks=found.n_tracks, n_looked_at=found.n_looked_at, n_found=found.n_found,
        )  # fmt: skip
        if not found.pieces:
            self._tell(video, "warning", _nobody(found.n_found, found.n_looked_at))
        return len(found.pieces)

    def _tell(self, video: VideoRecord, level: str, text: str) -> None:
        name = self.names.get(video.id, video.name)
        finding = Finding(level=level, subject=name, text=text)  # type: ignore[arg-type]
        self.reporter.send("finding", **asdict(finding))

    def _report_progress(self, done: float) -> None:
        self.reported_at = time.monotonic()
        self.reporter.progress(stage=STAGE, done=done, total=self.total, unit="videos")


def _nobody(n_found: int, n_looked_at: int) -> str:
    if not n_found:
        return f"nobody was found in the {n_looked_at} frames that were looked at"
    return f"{n_found} boxes in {n_looked_at} frames, none of a person who was seen long enough"

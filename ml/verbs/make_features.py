"""Makes features of the spec's videos, one file each, for a site that asked for certain ones.

A video of which none can be made is told, and the rest goes on. Nothing is made where this machine
would make others than were asked for.
"""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml import device
from ml.data.features.arrays import read_array
from ml.data.features.health import Health
from ml.data.video.probe import sha256_of
from ml.extraction import Extractor, create_extractor, extract
from ml.extraction.segments import n_rows as n_rows_of
from ml.findings import Finding
from ml.records import BadInput, VideoRecord
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir, videos_of

STAGE = "extract"
PROGRESS_SECONDS = 1.0  # how often within a video
ASKED_FOR = {"version": "version", "weights_sha256": "weights"}


def run(spec: Spec, reporter: Reporter) -> None:
    """`names` are what people call the videos, `contents` the SHA-256 of the files that they were
    imported from, `n_done` how many were made before.
    """
    device.use_threads(spec.get("threads"))
    chosen = device.choose(spec.get("device", "auto"))
    weights = Path(spec["weights"]) if spec.get("weights") else None
    extractor = create_extractor(spec["extractor"], spec["options"], chosen, weights)
    extractor.check_length(spec["frames_per_row"])
    facts = extractor.facts()
    check_asked_for(facts, spec)
    reporter.send("facts", values=device.device_facts(chosen))
    reporter.send("extractor", values=facts)
    _Making(extractor, spec, reporter).run()
    reporter.send("result", values={"n_videos": len(spec["videos"])})


def check_asked_for(facts: dict[str, Any], spec: Spec) -> None:
    """Raise BadInput where the extractor or its weights are others than the spec says."""
    for key, noun in ASKED_FOR.items():
        if facts[key] != spec[key]:
            raise BadInput(
                f"{spec['extractor']} has another {noun} on this machine ({facts[key]}) than these "
                f"features are to be made with ({spec[key]}): make its workers alike, or begin anew"
            )


class _Making:
    """One pass over the videos."""

    def __init__(self, extractor: Extractor, spec: Spec, reporter: Reporter) -> None:
        self.extractor = extractor
        self.rule = {"frames_per_row": spec["frames_per_row"], "remainder": spec["remainder"]}
        self.videos = videos_of(spec)
        self.names = spec["names"]
        self.contents = spec["contents"]
        self.n_done = spec["n_done"]
        self.total = self.n_done + len(self.videos)
        self.reported_at = 0.0
        self.folder = out_dir(spec)
        self.reporter = reporter

    def run(self) -> None:
        for number, video in enumerate(self.videos, start=self.n_done):
            self._report_progress(number)
            try:
                self._check_content(video)
                self._make(video, number)
            except BadInput as error:
                name = self.names[video.id]
                finding = Finding(level="error", subject=name, text=str(error))
                self.reporter.send("finding", **asdict(finding))
        self._report_progress(self.total)

    def _report_progress(self, done: float) -> None:
        self.reported_at = time.monotonic()
        self.reporter.progress(stage=STAGE, done=done, total=self.total, unit="videos")

    def _check_content(self, video: VideoRecord) -> None:
        """What is made goes by the content that was imported, in other datasets, too."""
        path = Path(video.path)
        if video.kind == "file" and path.is_file() and sha256_of(path) != self.contents[video.id]:
            raise BadInput("it has changed since it was imported: import the dataset again")

    def _make(self, video: VideoRecord, number: int) -> None:
        path = self.folder / f"{video.id}.npy"
        expected = n_rows_of(video.n_frames, self.rule["frames_per_row"])

        def on_row(n_rows: int) -> None:
            if time.monotonic() - self.reported_at > PROGRESS_SECONDS:
                self._report_progress(number + min(1, round(n_rows / expected, 2)))

        def warn(text: str) -> None:
            finding = Finding(level="warning", subject=self.names[video.id], text=text)
            self.reporter.send("finding", **asdict(finding))

        n_rows = extract(self.extractor, video, path, on_row=on_row, warn=warn, **self.rule)
        rows = read_array(path)
        health = Health()
        health.add(rows, path.name)
        self.reporter.send(
            "features", video_id=video.id, path=str(path), sha256=sha256_of(path), n_rows=n_rows,
            shape=list(rows.shape[1:]), health=health.to_state(),
        )  # fmt: skip

"""Makes features of the spec's videos, one file each, for a site that asked for certain ones.

A video of which none can be made is told, and the rest goes on. Nothing is made where this machine
would make others than were asked for.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml import device
from ml.data.features.arrays import read_array
from ml.data.features.health import Health
from ml.extraction import Extractor, create_extractor, extract
from ml.findings import Finding
from ml.records import BadInput, VideoRecord
from ml.reports import Reporter
from ml.verbs._spec import Spec, out_dir, videos_of

STAGE = "extract"
ASKED_FOR = {"version": "version", "weights_sha256": "weights"}


def run(spec: Spec, reporter: Reporter) -> None:
    """`names` are what people call the videos, `n_done` how many were made before."""
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
        self.n_done = spec["n_done"]
        self.folder = out_dir(spec)
        self.reporter = reporter

    def run(self) -> None:
        total = self.n_done + len(self.videos)
        for number, video in enumerate(self.videos, start=self.n_done):
            self.reporter.progress(stage=STAGE, done=number, total=total, unit="videos")
            try:
                self._make(video)
            except BadInput as error:
                name = self.names[video.id]
                finding = Finding(level="error", subject=name, text=str(error))
                self.reporter.send("finding", **asdict(finding))
        self.reporter.progress(stage=STAGE, done=total, total=total, unit="videos")

    def _make(self, video: VideoRecord) -> None:
        path = self.folder / f"{video.id}.npy"
        n_rows = extract(self.extractor, video, path, **self.rule)
        rows = read_array(path)
        health = Health()
        health.add(rows, path.name)
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        self.reporter.send(
            "features", video_id=video.id, path=str(path), sha256=sha256, n_rows=n_rows,
            shape=list(rows.shape[1:]), health=health.to_state(),
        )  # fmt: skip

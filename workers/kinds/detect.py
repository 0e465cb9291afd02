"""Search for persons in a dataset's videos: what is found in one is kept at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.datasets import detection
from webapp.jobs.models import Job
from workers.kinds import register
from workers.node import share_of_cores


@register("detect")
class Detect:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        return {
            "verb": "detect",
            **detection.work_of(job),
            "out_dir": str(folder / "out"),
            "threads": share_of_cores(job),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        found = detection.detection_of(job)
        match event:
            case {"event": "detector"}:
                detection.record_facts(found, event["values"])
            case {"event": "regions"}:
                detection.keep(found, event, folder=folder)
            case {"event": "finding", "level": level, "subject": subject, "text": text}:
                detection.record_finding(found, level=level, subject=subject, text=text)

    def on_success(self, job: Job, folder: Path) -> None:
        detection.conclude(detection.detection_of(job))

    def on_replaced(self, old: Job, new: Job) -> None:
        detection.job_replaced(old=old, new=new)

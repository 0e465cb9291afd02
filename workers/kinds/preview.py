"""Preview of a clip: the pictures that a network will see of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.datasets import previewing
from webapp.jobs.models import Job
from workers.kinds import register
from workers.node import share_of_cores


@register("preview")
class Preview:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        return {
            "verb": "preview",
            **previewing.work_of(job),
            "out_dir": str(folder / "out"),
            "threads": share_of_cores(job),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] == "preview":
            previewing.keep(previewing.preview_of(job), event, folder=folder)

    def on_success(self, job: Job, folder: Path) -> None:
        """The sheet is stored."""

    def on_replaced(self, old: Job, new: Job) -> None:
        previewing.job_replaced(old=old, new=new)

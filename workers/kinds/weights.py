"""Reading of weights that people brought: the child makes a checkpoint, the site keeps it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.common.beneath import open_beneath
from webapp.jobs.models import Job
from webapp.runs import published, training
from webapp.runs.models import Weights
from workers.kinds import register
from workers.run_files import fetch


@register("weights")
class ReadWeights:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        weights = _weights_of(job)
        return {
            "verb": "import_weights",
            # Under its own name, which the child's sentences tell.
            "weights": fetch(weights.file, folder / "given" / weights.file_name),
            "name": weights.file_name,
            "method": job.spec["method"],
            "config": {},
            "out_dir": str(folder / "out"),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] == "checkpoint":
            brought = _weights_of(job)
            with (
                open_beneath(folder, event["weights"]) as file,
                open_beneath(folder, event["state"]) as state,
            ):
                training.record_published(weights=brought, job=job, file=file, state=state)

    def on_success(self, job: Job, folder: Path) -> None:
        published.finish_reading(_weights_of(job), job.result)

    def on_replaced(self, old: Job, new: Job) -> None:
        published.begin(_weights_of(old), job=new)


def _weights_of(job: Job) -> Weights:
    return Weights.objects.get(pk=job.subject_id)

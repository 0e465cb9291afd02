"""Evaluation of a run's scores under every protocol that its team is offered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.jobs.models import Job
from webapp.results.scores.evaluation_files import STORED, store_evaluations, write_tasks
from webapp.runs import services, stages
from workers.kinds import register
from workers.run_files import note, noted, run_of

EVALUATIONS = "evaluations.jsonl"


@register("evaluate")
class Evaluate:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        tasks = write_tasks(run_of(job), folder, job.spec.get("protocols", []))
        return {"verb": "evaluate", "tasks": tasks, "out_dir": str(folder / "out")}

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] in STORED:
            note(event, folder / EVALUATIONS)

    def on_success(self, job: Job, folder: Path) -> None:
        store_evaluations(noted(folder / EVALUATIONS), folder)
        stages.land(job)

    def on_replaced(self, old: Job, new: Job) -> None:
        services.job_replaced(old=old, new=new)

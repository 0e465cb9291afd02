"""Evaluation of a run's scores under every preset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.jobs.models import Job
from webapp.results.evaluation_jobs import store_evaluations, write_tasks
from webapp.runs import services
from workers.kinds import register
from workers.run_files import run_of

TOLD = "evaluations.jsonl"


@register("evaluate")
class Evaluate:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        tasks = write_tasks(run_of(job), folder)
        return {"verb": "evaluate", "tasks": tasks, "out_dir": str(folder / "out")}

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] == "evaluation":
            with (folder / TOLD).open("a") as file:
                file.write(json.dumps(event) + "\n")

    def on_success(self, job: Job, folder: Path) -> None:
        told = folder / TOLD
        lines = told.read_text().splitlines() if told.exists() else []
        store_evaluations([json.loads(line) for line in lines], folder)

    def on_replaced(self, old: Job, new: Job) -> None:
        services.job_replaced(old=old, new=new)

"""Evaluation of a run's scores under every protocol that its team is offered."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.common.beneath import open_beneath
from webapp.jobs.models import Job
from webapp.results.scores.evaluation_files import STORED, store_evaluations, write_tasks
from webapp.results.scores.shortcuts import store_shortcut, write_shortcut
from webapp.runs import services, stages
from workers.kinds import register
from workers.run_files import note, noted, run_of

EVALUATIONS = "evaluations.jsonl"
SHORTCUT = "shortcut.jsonl"


@register("evaluate")
class Evaluate:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        run = run_of(job)
        return {
            "verb": "evaluate",
            "tasks": write_tasks(run, folder, job.spec.get("protocols", [])),
            "shortcut": write_shortcut(run, folder),
            "out_dir": str(folder / "out"),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] in STORED:
            note(event, folder / EVALUATIONS)
        if event["event"] == "shortcut":
            note(event, folder / SHORTCUT)

    def on_success(self, job: Job, folder: Path) -> None:
        store_evaluations(noted(folder / EVALUATIONS), folder)
        for event in noted(folder / SHORTCUT):
            with open_beneath(folder, event["path"]) as file:
                store_shortcut(run_of(job), json.load(file))
        stages.land(job)

    def on_replaced(self, old: Job, new: Job) -> None:
        services.job_replaced(old=old, new=new)

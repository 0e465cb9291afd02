"""Scoring of a run's test videos, and the evaluation of the scores under every protocol."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from ml.events import Event
from ml.records import Scores
from webapp.datasets.models import Part
from webapp.jobs.models import Job
from webapp.results.services import ensure_protocols, evaluate, save_scores
from webapp.runs import services, training
from workers.kinds import register
from workers.run_files import fetch_checkpoint, run_of, videos_of

COLLECTED = "scores.jsonl"  # the child's reports, until all videos are scored


@register("score")
class Score:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        run = run_of(job)
        checkpoint = training.checkpoint_to_score(run)
        return {
            "verb": "score",
            **fetch_checkpoint(checkpoint, folder / "checkpoint"),
            "videos": videos_of(run, parts=(Part.TEST,)),
            "out_dir": str(folder / "out"),
            "device": "auto",
            "threads": None,
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] == "scores":
            with (folder / COLLECTED).open("a") as file:
                file.write(json.dumps(event) + "\n")

    def on_success(self, job: Job, folder: Path) -> None:
        scores = collected_scores(folder)
        score_set = save_scores(run=run_of(job), job=job, scores=scores, rule=job.result["rule"])
        for protocol in ensure_protocols():
            evaluate(score_set, protocol)

    def on_replaced(self, old: Job, new: Job) -> None:
        services.job_replaced(old=old, new=new)


def collected_scores(folder: Path) -> dict[str, Scores]:
    """The scores reported below `folder`, by video id."""
    reports = folder / COLLECTED
    lines = reports.read_text().splitlines() if reports.exists() else []
    return {
        event["video_id"]: Scores(
            values=np.load(folder / event["path"], allow_pickle=False),
            first_frame=event["first_frame"],
            frames_per_value=event["frames_per_value"],
        )
        for event in map(json.loads, lines)
    }

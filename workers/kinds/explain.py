"""Explanation of the scores that a run gives to some frames of a video."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.records import VideoRecord
from ml.reports import Event
from ml.supervision import is_abnormal
from webapp.jobs.models import Job
from webapp.jobs.services import record_facts
from webapp.results.scores import explaining, explanations
from webapp.runs import training
from webapp.runs.models import Run
from workers.kinds import register
from workers.kinds.score import collected_sheets
from workers.node import share_of_cores
from workers.run_files import (
    fetch_checkpoint,
    note,
    run_of,
    videos_to_score,
    videos_to_train_on,
)

EXPLANATIONS = "explanations.jsonl"


@register("explain")
class Explain:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        run = run_of(job)
        explaining.check_scores(job, run)
        checkpoint = training.checkpoint_to_score(run)
        record_facts(job, {"weights_sha256": checkpoint.sha256})
        return {
            "verb": "explain",
            "config": run.config,
            **fetch_checkpoint(checkpoint, folder / "checkpoint"),
            "videos": [each for each in videos_to_score(run) if each["id"] == job.spec["video"]],
            "normal": _normal(run),
            "frames": job.spec["frames"],
            "target": job.spec["target"],
            "extractor": _names_of_extractor(run),
            "out_dir": str(folder / "out"),
            "device": "auto",
            "threads": share_of_cores(job),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] == "explanation":
            note(event, folder / EXPLANATIONS)

    def on_success(self, job: Job, folder: Path) -> None:
        run = run_of(job)
        explaining.check_scores(job, run)
        explanations.land(run, collected_sheets(folder))  # last: files know no rollback

    def on_replaced(self, old: Job, new: Job) -> None:
        """Nothing points at the job."""


def _normal(run: Run) -> list[dict[str, Any]]:
    """Training videos that are said to be normal, with features: scores are held against them."""
    videos = [each for each in videos_to_train_on(run) if each["part"] == "train"]
    known = [each for each in videos if each["features"] and each["label"]]
    return [each for each in known if not is_abnormal(VideoRecord.from_json(each))]


def _names_of_extractor(run: Run) -> list[str]:
    """All that is said of what made the features."""
    features = run.feature_set
    if features is None:
        return []
    told = [features.provenance.get("extractor"), features.extractor]
    return [name for name in told if isinstance(name, str)]

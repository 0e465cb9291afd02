"""Explanation of the scores that a run gives to some frames of its videos."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from ml.records import VideoRecord
from ml.reports import Event
from ml.supervision import is_abnormal
from webapp.common.errors import UserError
from webapp.datasets.folders import resolve_path
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
            "videos": _videos(job, run),
            "normal": _normal(run) if run.feature_set_id else [],
            "parts": job.spec["parts"],
            "layer": job.spec["layer"],
            "extractor": _extractor(run),
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


def _videos(job: Job, run: Run) -> list[dict[str, Any]]:
    wanted = {part["video"] for part in job.spec["parts"]}
    return [each for each in videos_to_score(run) if each["id"] in wanted]


def _normal(run: Run) -> list[dict[str, Any]]:
    """Training videos that are said to be normal, with features: scores are held against them."""
    videos = [each for each in videos_to_train_on(run) if each["part"] == "train"]
    known = [each for each in videos if each["features"] and each["label"]]
    return [each for each in known if not is_abnormal(VideoRecord.from_json(each))]


def _extractor(run: Run) -> dict[str, Any]:
    """What is known of what made the features: by a recipe here all, else what somebody said."""
    features = run.feature_set
    if features is None:
        return {"names": []}
    if recipe := features.recipe:
        return {
            "names": [recipe["extractor"]],
            "options": recipe["options"],
            "weights": _weights_at(recipe["weights"]),
        }
    names = [features.provenance.get("extractor"), features.extractor]
    return {"names": [name for name in names if isinstance(name, str)]}


def _weights_at(path: str) -> str | None:
    """None where there are none, or no longer: the extractor says that it needs some."""
    with suppress(UserError):
        return str(resolve_path(path, field="")) if path else None
    return None

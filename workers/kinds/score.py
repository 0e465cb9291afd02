"""Scoring of a run's test and validation videos, which is followed by its evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from ml.records import Scores
from ml.reports import Event
from webapp.datasets.models import Part, Video
from webapp.jobs.models import Job
from webapp.jobs.services import record_facts
from webapp.results.scores.evaluation_jobs import submit_evaluation
from webapp.results.scores.explanations import Sheet, save_explanations
from webapp.results.scores.storing import save_scores
from webapp.runs import services, training
from webapp.runs.models import Checkpoint, Run
from workers.kinds import register
from workers.node import share_of_cores
from workers.run_files import fetch_checkpoint, note, noted, run_of, videos_to_score

# The child's reports, until all videos are scored.
COLLECTED = {"scores": "scores.jsonl", "explanation": "explanations.jsonl"}


@register("score")
class Score:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        run = run_of(job)
        checkpoint = training.checkpoint_to_score(run)
        record_facts(job, _facts_of(checkpoint))
        return {
            "verb": "score",
            "config": run.config,
            **fetch_checkpoint(checkpoint, folder / "checkpoint"),
            "videos": videos_to_score(run),
            "with_maps": settings.STORE_ERROR_MAPS,
            "out_dir": str(folder / "out"),
            "device": "auto",
            "threads": share_of_cores(job),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] in COLLECTED:
            note(event, folder / COLLECTED[event["event"]])

    def on_success(self, job: Job, folder: Path) -> None:
        run = run_of(job)
        scores = collected_scores(folder)
        held_out = validation_videos(run)
        score_set = save_scores(
            run=run,
            job=job,
            scores={pk: each for pk, each in scores.items() if pk not in held_out},
            validation={pk: each for pk, each in scores.items() if pk in held_out}
            if held_out
            else None,
            rule=job.result["rule"],
        )
        submit_evaluation(run, by=run.created_by)
        save_explanations(score_set, collected_sheets(folder))  # last: files know no rollback

    def on_replaced(self, old: Job, new: Job) -> None:
        services.job_replaced(old=old, new=new)


def _facts_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """For the provenance of the scores: whose weights they are."""
    return {
        "weights_of": checkpoint.run_id,
        "weights_step": checkpoint.step,
        "weights_sha256": checkpoint.sha256,
    }


def validation_videos(run: Run) -> set[str]:
    """Ids of those that were handed over."""
    videos = Video.objects.ready().in_split(run.split, Part.VALIDATION)
    return set(videos.values_list("pk", flat=True))


def collected_scores(folder: Path) -> dict[str, Scores]:
    """The scores reported below `folder`, by video id."""
    return {
        event["video_id"]: Scores(
            values=np.load(folder / event["path"], allow_pickle=False),
            first_frame=event["first_frame"],
            frames_per_value=event["frames_per_value"],
        )
        for event in noted(folder / COLLECTED["scores"])
    }


def collected_sheets(folder: Path) -> dict[str, Sheet]:
    """The error maps reported below `folder`, by video id."""
    return {
        event["video_id"]: Sheet(path=folder / event["path"], facts=event)
        for event in noted(folder / COLLECTED["explanation"])
    }

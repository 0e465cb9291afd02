"""Scoring of a run's test and validation videos, or of those of one shard.

What a shard has scored lands when its job succeeds; the last one is followed by the evaluation.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings

from ml.records import Scores
from ml.reports import Event
from webapp.common.beneath import open_beneath, path_beneath
from webapp.datasets.models import Video
from webapp.jobs import stages as shared
from webapp.jobs.models import Job
from webapp.jobs.services import record_facts
from webapp.results.scores import explanations, intake
from webapp.results.scores.explanations import Sheet
from webapp.runs import services, stages, training
from webapp.runs.models import Checkpoint
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
            "videos": shard_of(job, videos_to_score(run)),
            "ways": ways_of(job),
            "with_maps": settings.STORE_ERROR_MAPS,
            "out_dir": str(folder / "out"),
            "device": "auto",
            "threads": shared.threads_of(job, share=share_of_cores(job)),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] in COLLECTED:
            note(event, folder / COLLECTED[event["event"]])

    def on_success(self, job: Job, folder: Path) -> None:
        run = run_of(job)
        is_last = stages.land(job)
        rule = job.result["rule"]
        others = [each for each in services.held_by(job) if each.pk != run.pk]
        intake.land(
            run=run, given=collected_scores(folder, rule=rule, way=run.pk), job=job,
            is_last=is_last, shard=shared.videos_of(job), by=run.created_by,
        )  # fmt: skip
        for other in others:
            given = collected_scores(folder, rule=rule, way=other.pk)
            intake.land(run=other, given=given, job=job, is_last=True, by=other.created_by)
        if not is_last:
            stages.follow(run.pk)
        explanations.land(run, collected_sheets(folder))  # last: files know no rollback

    def on_replaced(self, old: Job, new: Job) -> None:
        services.job_replaced(old=old, new=new)


def _facts_of(checkpoint: Checkpoint) -> dict[str, Any]:
    """For the provenance of the scores: whose weights they are."""
    return {
        "weights_of": checkpoint.origin_id,
        "weights_step": checkpoint.step,
        "weights_sha256": checkpoint.sha256,
    }


def shard_of(job: Job, videos: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the videos those that are for this job."""
    wanted = shared.videos_of(job)
    return [video for video in videos if video["id"] in wanted] if wanted else videos


def ways_of(job: Job) -> dict[str, dict[str, Any]]:
    """Configs of the runs that the job scores in one pass; none where it is one run."""
    runs = services.scored_by(job)
    return {run.pk: run.config for run in runs} if len(runs) > 1 else {}


def collected_scores(folder: Path, *, rule: str, way: str = "") -> dict[Video, intake.Placed]:
    """The scores reported below `folder`: of those of several ways, the ones of `way`."""
    events = noted(folder / COLLECTED["scores"])
    found = {
        event["video_id"]: event for event in events if event.get("way", way) == way
    }  # fmt: skip
    videos = Video.objects.without_times().in_bulk(list(found))
    return {videos[pk]: intake.Placed(_scores(event, folder), rule) for pk, event in found.items()}


def _scores(event: Event, folder: Path) -> Scores:
    with open_beneath(folder, event["path"]) as file:
        values = np.load(file, allow_pickle=False)
    return Scores(
        values=values,
        first_frame=event["first_frame"],
        frames_per_value=event["frames_per_value"],
    )


def collected_sheets(folder: Path) -> list[Sheet]:
    """The maps reported below `folder`."""
    return [
        Sheet(video_id=event["video_id"], path=path_beneath(folder, event["path"]), facts=event)
        for event in noted(folder / COLLECTED["explanation"])
    ]

"""Making of features of a shard of a dataset's videos: what is made of one is kept at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.datasets import extracted, extraction, extraction_jobs, features
from webapp.jobs import stages
from webapp.jobs.models import Job
from workers.kinds import register
from workers.node import share_of_cores


@register("extract")
class Extract:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        return {
            "verb": "make_features",
            **extraction_jobs.work_of(job),
            "device": "auto",
            "threads": stages.threads_of(job, share=share_of_cores(job)),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        feature_set = extraction_jobs.held_set_of(job)
        match event:
            case {"event": "extractor"}:
                extraction_jobs.record_facts(feature_set, event["values"])
            case {"event": "features"}:
                extracted.keep(feature_set, event, job=job)
            case {"event": "finding", "level": level, "subject": subject, "text": text}:
                features.record_finding(feature_set, level=level, subject=subject, text=text)

    def on_success(self, job: Job, folder: Path) -> None:
        extraction_jobs.finish_shard(job)

    def on_replaced(self, old: Job, new: Job) -> None:
        extraction.job_replaced(old=old, new=new)

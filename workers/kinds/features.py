"""Reading of features that people brought: the child looks at each file, the site stores that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.datasets import features
from webapp.datasets.folders import resolve_folder
from webapp.datasets.models import FeatureSet
from webapp.jobs.models import Job
from workers.kinds import register


@register("features")
class ReadFeatures:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        feature_set = _set_of(job)
        return {
            "verb": "read_features",
            # Once more: since the submission it may have gone or become a link to elsewhere.
            "folder": str(resolve_folder(feature_set.folder)),
            **features.reading_of(feature_set, compare_with=job.spec.get("compare_with", "")),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        match event:
            case {"event": "features"}:
                features.record_features(_set_of(job), event)
            case {"event": "finding", "level": level, "subject": subject, "text": text}:
                features.record_finding(_set_of(job), level=level, subject=subject, text=text)

    def on_success(self, job: Job, folder: Path) -> None:
        features.conclude(_set_of(job), **job.result)

    def on_replaced(self, old: Job, new: Job) -> None:
        features.begin(_set_of(old), job=new)


def _set_of(job: Job) -> FeatureSet:
    return FeatureSet.objects.select_related("dataset").get(pk=job.subject_id)

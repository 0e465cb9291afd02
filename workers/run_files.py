"""A run as the child processes that work for it see it, and what they report of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from django.db.models.fields.files import FieldFile

from ml.reports import Event
from webapp.datasets.features import records_of
from webapp.datasets.models import Part
from webapp.datasets.regions import regions_of
from webapp.datasets.services import manifest_videos
from webapp.jobs.models import Job
from webapp.runs.checks import check_unchanged
from webapp.runs.models import Checkpoint, Run


def run_of(job: Job) -> Run:
    runs = Run.objects.select_related(
        "split__dataset",
        "annotation_set",
        "method",
        "feature_set",
        "region_set__dataset",
        "starts_from",
        "weights__checkpoint",
        "created_by",
        "team",
    )
    return runs.get(pk=job.subject_id)


def videos_to_train_on(run: Run) -> list[dict[str, Any]]:
    """Training and validation videos, with no more ground truth than the method may know.

    Raise UserError when a video is no longer what it was at submission.
    """
    assert run.method is not None, f"{run.pk} is {run.kind} and learns nothing"
    knows_intervals = run.method.policy.knows_intervals
    return _videos(run, parts=(Part.TRAIN, Part.VALIDATION), with_intervals=knows_intervals)


def videos_to_select_on(run: Run) -> list[dict[str, Any]]:
    """The test videos with their ground truth, of a run that was told to choose by these alone."""
    if not run.is_selected_on_test:
        return []
    return _videos(run, parts=(Part.TEST,), with_intervals=True)


def videos_to_score(run: Run) -> list[dict[str, Any]]:
    """Those that are judged, and those that thresholds are chosen on, without ground truth.

    Raise UserError when a video is no longer what it was at submission.
    """
    return [_unlabelled(video) for video in _videos(run, parts=(Part.TEST, Part.VALIDATION))]


def _unlabelled(video: dict[str, Any]) -> dict[str, Any]:
    """Where somebody is may be known, but not what they do."""
    regions = [region | {"label": ""} for region in video.get("regions", ())]
    return video | {"label": ""} | ({"regions": regions} if regions else {})


def _videos(
    run: Run, *, parts: tuple[str, ...], with_intervals: bool = False
) -> list[dict[str, Any]]:
    check_unchanged(run.split)
    videos = manifest_videos(
        run.split, run.annotation_set, parts=parts, with_intervals=with_intervals
    )
    if run.feature_set is not None:
        features = records_of(run.feature_set)
        return [video | {"features": features.get(video["id"])} for video in videos]
    if run.region_set is not None:
        regions = regions_of(run.region_set)
        return [video | {"regions": regions.get(video["id"], [])} for video in videos]
    return videos


def note(event: Event, path: Path) -> None:
    """Keep a report until the job has succeeded, in a file that belongs to it."""
    with path.open("a") as file:
        file.write(json.dumps(event) + "\n")


def noted(path: Path) -> list[Event]:
    """What was noted there, in order; nothing where no report came."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def fetch_checkpoint(checkpoint: Checkpoint, folder: Path) -> dict[str, str]:
    """Copy a checkpoint out of the storage to where a child may read it."""
    return {
        "weights": fetch(checkpoint.weights, folder / "checkpoint.safetensors"),
        "state": fetch(checkpoint.state, folder / "checkpoint.json"),
    }


def fetch(file: FieldFile, path: Path) -> str:
    """Copy a stored file to where a child may read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with file.open("rb") as source, path.open("wb") as target:
        shutil.copyfileobj(source, target)
    return str(path)

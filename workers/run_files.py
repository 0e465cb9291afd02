"""A run as the child processes that work for it see it, and what they report of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from django.db.models.fields.files import FieldFile

from ml.reports import Event
from webapp.datasets.services import manifest_videos
from webapp.jobs.models import Job
from webapp.runs.models import Checkpoint, Run
from webapp.runs.services import check_unchanged


def run_of(job: Job) -> Run:
    runs = Run.objects.select_related(
        "split__dataset", "annotation_set", "method", "created_by", "team"
    )
    return runs.get(pk=job.subject_id)


def videos_of(run: Run, *, parts: tuple[str, ...]) -> list[dict[str, Any]]:
    """The videos of some parts, without ground truth: neither training nor scoring needs it.

    Raise UserError when a video is no longer what it was at submission.
    """
    check_unchanged(run.split)
    videos = manifest_videos(run.split, run.annotation_set)
    return [video | {"intervals": []} for video in videos if video["part"] in parts]


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

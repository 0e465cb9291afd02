"""A run as the child processes that work for it see it: its videos and its checkpoints."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.db.models.fields.files import FieldFile

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

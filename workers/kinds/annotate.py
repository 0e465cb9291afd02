"""Reading of a ground-truth file: the child lays it against the videos, people decide."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.data.truth.claims import COUNTING
from ml.reports import Event
from webapp.datasets import annotation_imports
from webapp.datasets.models import AnnotationImport
from webapp.jobs.models import Job
from workers.kinds import register
from workers.run_files import fetch


@register("annotate")
class Annotate:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        draft = _draft_of(job)
        given = {name: draft.options[name] for name in COUNTING if name in draft.options}
        times = folder / "times.npy"
        return {
            "verb": "annotate",
            "path": _path(draft, folder),
            "name": draft.name,
            "format": draft.options.get("format", ""),
            "options": given | {"normal_labels": draft.dataset.normal_labels},
            "videos": annotation_imports.known_videos(draft.dataset, times),
            "times": str(times),
            "order": annotation_imports.order_of(draft),
            "reference": annotation_imports.reference_of(draft.dataset),
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        if event["event"] == "alignment":
            annotation_imports.record_alignment(_draft_of(job), event["values"])

    def on_success(self, job: Job, folder: Path) -> None:
        """A draft waits for a person."""

    def on_replaced(self, old: Job, new: Job) -> None:
        annotation_imports.begin(_draft_of(old), job=new)


def _draft_of(job: Job) -> AnnotationImport:
    return AnnotationImport.objects.select_related("dataset").get(pk=job.subject_id)


def _path(draft: AnnotationImport, folder: Path) -> str:
    """A sent file keeps its ending, which some formats share their content with."""
    if draft.path:
        return str(annotation_imports.path_of(draft))
    return fetch(draft.file, folder / f"given{Path(draft.name).suffix[:10]}")

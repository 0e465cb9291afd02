"""Import of a dataset: the child surveys its folder, the site stores what it reports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ml.reports import Event
from webapp.datasets import ground_truth, listing, published, report, services
from webapp.datasets.annotation_imports import draft_from_list
from webapp.datasets.folders import resolve_folder
from webapp.datasets.models import Dataset
from webapp.jobs.models import Job
from workers.kinds import register
from workers.run_files import fetch


@register("import")
class ImportDataset:
    def prepare(self, job: Job, folder: Path) -> dict[str, Any]:
        dataset = _dataset_of(job)
        if dataset.is_listed:
            path = _listed_by(dataset, folder)
            return {
                "verb": "list_videos",
                "path": path,
                "name": dataset.list_name,
                "normal_labels": dataset.normal_labels,
            }
        return {
            "verb": "survey",
            # Once more: since the submission it may have gone or become a link to elsewhere.
            "folder": str(resolve_folder(dataset.folder)),
            "format": job.spec["format"],
            "normal_labels": dataset.normal_labels,
            "frame_numbers": dataset.frame_numbers,
            "out_dir": str(folder / "out"),
            "limits": {},
        }

    def on_event(self, job: Job, event: Event, folder: Path) -> None:
        dataset = _dataset_of(job)
        match event:
            case {"event": "video"}:
                services.record_video(dataset, event=event, folder=folder)
            case {"event": "listed", "values": listed}:
                listing.record_listed(dataset, listed=listed)
            case {"event": "annotations"}:
                ground_truth.record_annotations(dataset, event=event)
            case {"event": "finding", "level": level, "subject": subject, "text": text}:
                report.record_finding(dataset, level=level, subject=subject, text=text)

    def on_success(self, job: Job, folder: Path) -> None:
        dataset = _dataset_of(job)
        services.finish_import(dataset, job.result["format"])
        if job.result.get("annotates"):
            draft_from_list(dataset)
        published.go_on(dataset, annotation=job.result.get("annotation", ""))

    def on_replaced(self, old: Job, new: Job) -> None:
        services.begin_import(_dataset_of(old), job=new)


def _listed_by(dataset: Dataset, folder: Path) -> str:
    """The file that lists its videos, or the folder of features that stands for one."""
    if features := published.features_folder_of(dataset):
        return str(resolve_folder(features))
    return str(fetch(dataset.list_file, folder / "list"))


def _dataset_of(job: Job) -> Dataset:
    return Dataset.objects.get(pk=job.subject_id)

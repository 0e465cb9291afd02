"""Benchmarks whose features people have without the videos: a folder becomes a dataset at once.

A job lists the videos by the names of the files (`ml.data.published`). When it has ended, the
ground truth that lies beside them is read as a draft, and the features are read as a set.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, has_permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import UserError
from webapp.datasets.annotation_imports import Given, start_annotation_import
from webapp.datasets.features import import_features
from webapp.datasets.folders import resolve_folder
from webapp.datasets.listing import FOLDER_NAME
from webapp.datasets.models import Dataset
from webapp.datasets.services import checked_labels, checked_name, store_new, submit_import

SET_NAME = "i3d"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """A benchmark as papers use it. `fps` is that of its videos."""

    title: str
    fps: float
    extractor: str
    preprocessing: str


PRESETS = {
    "ucf-crime": Preset(
        title="UCF-Crime",
        fps=30,
        extractor="I3D",
        preprocessing="Rows of 16 frames; ten crops in the papers that publish them so",
    ),
    "shanghaitech": Preset(
        title="ShanghaiTech (weakly supervised split)",
        fps=24,
        extractor="I3D",
        preprocessing="Rows of 16 frames; ten crops in the papers that publish them so",
    ),
    "xd-violence": Preset(
        title="XD-Violence",
        fps=24,
        extractor="I3D",
        preprocessing="Rows of 16 frames, five crops; VGGish beside them where it lies there",
    ),
}


@transaction.atomic
def create_published_dataset(
    *,
    team: Team,
    name: str,
    benchmark: str,
    folder: str,
    description: str = "",
    normal_labels: Iterable[str] = (),
    by: User,
) -> Dataset:
    """Register the videos that features in a server folder are of. Raise UserError."""
    require(by, Permission.DATASET_IMPORT, team=team)
    if benchmark not in PRESETS:
        sentence = _("benchmark: %(given)s is none of %(known)s")
        words = {"given": benchmark, "known": ", ".join(PRESETS)}
        raise UserError(sentence % words, field="benchmark")
    dataset = Dataset(
        team=team,
        name=checked_name(name),
        list_name=FOLDER_NAME,
        fps=PRESETS[benchmark].fps,
        benchmark=benchmark,
        description=description,
        normal_labels=checked_labels(normal_labels),
        created_by=by,
    )
    named = json.dumps({"folder": str(resolve_folder(folder))}).encode()
    dataset.list_file.save(FOLDER_NAME, ContentFile(named), save=False)
    store_new(dataset)
    submit_import(dataset, by=by)
    record(AuditEvent.Act.DATASET_CREATED, dataset, team=team, by=by, folder=folder)
    return dataset


def features_folder_of(dataset: Dataset) -> str:
    """Where the features lie that its videos were listed by; empty where a file lists them."""
    if dataset.list_name != FOLDER_NAME:
        return ""
    with dataset.list_file.open("rb") as file:
        return str(json.load(file)["folder"])


def go_on(dataset: Dataset, *, annotation: str) -> None:
    """After the first import: read the ground truth at `annotation` below the folder, if any, and
    the features, in the name of whoever brought them, as long as that person may."""
    folder, by = features_folder_of(dataset), dataset.created_by
    if not folder or by is None:
        return
    if not has_permission(by, Permission.DATASET_IMPORT, team=dataset.team):
        return
    if annotation and not dataset.annotation_imports.exists():
        given = Given(name=annotation, path=f"{folder}/{annotation}")
        start_annotation_import(dataset=dataset, given=given, by=by)
    if not dataset.feature_sets.exists():
        import_features(**_set_of(dataset, folder), by=by)


def _set_of(dataset: Dataset, folder: str) -> dict[str, Any]:
    preset = PRESETS.get(dataset.benchmark)
    return {
        "dataset": dataset,
        "name": SET_NAME,
        "folder": folder,
        "extractor": preset.extractor if preset else SET_NAME,
        "preprocessing": preset.preprocessing if preset else "",
    }

"""Brings in features that were made elsewhere: a job looks at the files, which stay where they are.

Those that are made here are in `extraction`.

A set is never changed. The same name again is its next version.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ml.data.features import provenance as facts
from ml.data.features.layouts import titles
from ml.findings import Finding
from ml.records import BadInput, hash_of
from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.common.holding import fresh
from webapp.datasets import survey
from webapp.datasets.folders import resolve_folder
from webapp.datasets.models import (
    Dataset,
    FeatureFile,
    FeatureSet,
    Part,
    Split,
    Video,
    VideoQuerySet,
)
from webapp.datasets.report import add_finding
from webapp.datasets.versions import next_version
from webapp.jobs.models import Job
from webapp.jobs.services import submit

MAX_NAME_LENGTH = 80
MAX_EXTRACTOR_LENGTH = 120
MAX_DESCRIPTION_LENGTH = 2000
MOST_FRAMES_PER_ROW = 100_000
SHA256 = re.compile(r"[0-9a-f]{64}")
USED_PARTS = (Part.TRAIN, Part.VALIDATION, Part.TEST)


@transaction.atomic
def import_features(
    *,
    dataset: Dataset,
    name: str,
    folder: str,
    extractor: str,
    frames_per_row: int = 16,
    preprocessing: str = "",
    weights_sha256: str = "",
    layout: str = "",
    provenance: Mapping[str, Any] | None = None,
    compare_with: str = "",
    by: User,
) -> FeatureSet:
    """Register a server folder of features in place and submit its reading. Raise UserError.

    Without a `layout` it is found by the names of the files. `compare_with` is the id of another
    set of the dataset.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    check_name(name)
    _check_text("extractor", extractor, MAX_EXTRACTOR_LENGTH)
    _check_facts(frames_per_row, preprocessing, weights_sha256)
    _check_choices(dataset, layout, compare_with)
    feature_set = FeatureSet(
        dataset=dataset,
        name=survey.storable(name.strip()),
        version=next_version(dataset, dataset.feature_sets, name.strip()),
        folder=str(resolve_folder(folder)),
        extractor=survey.storable(extractor.strip()),
        weights_sha256=weights_sha256,
        preprocessing={"description": survey.storable(preprocessing.strip())},
        provenance=_checked(provenance or {}),
        layout=layout,
        frames_per_row=frames_per_row,
        created_by=by,
    )
    feature_set.job = _submit(feature_set, by, compare_with)
    feature_set.save()
    record(
        AuditEvent.Act.FEATURE_SET_CREATED, feature_set, team=dataset.team, by=by,
        dataset=dataset.name, folder=feature_set.folder,
    )  # fmt: skip
    return feature_set


@transaction.atomic
def read_again(*, feature_set: FeatureSet, by: User) -> Job:
    """Once more from the start, after a bad end. Raise ConflictError where there was none."""
    require(by, Permission.DATASET_IMPORT, team=feature_set.dataset.team)
    feature_set = fresh(FeatureSet.objects.select_for_update(of=["self"]), feature_set)
    if feature_set.is_made_here:
        sentence = _("%s is made here and has no folder to read: resume it.") % feature_set
        raise ConflictError(sentence, code="made_here")
    if feature_set.state != "failed":
        text = _("%(features)s is %(state)s: there is nothing to read again.")
        values = {"features": feature_set, "state": feature_set.state}
        raise ConflictError(text % values, code="not_failed")
    feature_set.files.all().delete()
    feature_set.report = []
    before = feature_set.job.spec if feature_set.job else {}
    feature_set.job = _submit(feature_set, by, before.get("compare_with", ""))
    feature_set.save(update_fields=["report", "job", "updated_at"])
    team = feature_set.dataset.team
    record(AuditEvent.Act.FEATURE_SET_READ, feature_set, team=team, by=by)
    return feature_set.job


def begin(feature_set: FeatureSet, *, job: Job) -> None:
    """From now on `job` reads the files."""
    FeatureSet.objects.filter(pk=feature_set.pk).update(job=job)


def record_features(feature_set: FeatureSet, event: dict[str, Any]) -> None:
    """One file of a video; told twice, it is stored once."""
    FeatureFile.objects.update_or_create(
        feature_set=feature_set,
        video_id=event["video_id"],
        defaults={key: event[key] for key in ("path", "sha256", "n_rows", "row_length", "parts")},
    )


def record_finding(feature_set: FeatureSet, *, level: str, subject: str, text: str) -> None:
    if add_finding(feature_set.report, level=level, subject=subject, text=text):
        feature_set.save(update_fields=["report", "updated_at"])


def add_to_report(feature_set: FeatureSet, finding: Finding) -> None:
    """Without saving it."""
    add_finding(feature_set.report, **asdict(finding))


def conclude(
    feature_set: FeatureSet, *, layout: str, n_crops: int, dimension: int, health: dict[str, Any]
) -> None:
    """All files have been told of: what they are like together. From now on the set is ready."""
    feature_set.layout = layout
    feature_set.n_crops = n_crops
    feature_set.dimension = dimension
    feature_set.health = health
    feature_set.content_hash = _content_hash(feature_set)
    feature_set.save()


def reading_of(feature_set: FeatureSet, *, compare_with: str = "") -> dict[str, Any]:
    """What `ml.data.features.folder` reads of a set, but for its folder."""
    return {
        "frames_per_row": feature_set.frames_per_row,
        "layout": feature_set.layout,
        "provenance": feature_set.provenance,
        "extractor": feature_set.extractor,
        "videos": _videos_to_read(feature_set.dataset),
        "other": _other_set(feature_set.dataset, compare_with),
    }


def _videos_to_read(dataset: Dataset) -> list[dict[str, Any]]:
    ready = dataset.videos.ready().order_by("name")
    return [
        {"id": pk, "name": name, "n_frames": n_frames, "fps": fps}
        for pk, name, n_frames, fps in ready.values_list("pk", "name", "n_frames", "fps")
    ]


def _other_set(dataset: Dataset, pk: str) -> dict[str, Any] | None:
    """None where there is none, or no longer."""
    other = dataset.feature_sets.ready().filter(pk=pk).first()
    return {"name": str(other), "records": records_of(other)} if other else None


def records_of(feature_set: FeatureSet) -> dict[str, dict[str, Any]]:
    """JSON of `ml.records.FeatureRecord` by video id, paths absolute."""
    return {file.video_id: _record_of(file, feature_set) for file in feature_set.files.all()}


def _record_of(file: FeatureFile, feature_set: FeatureSet) -> dict[str, Any]:
    folder = Path(settings.FEATURES_ROOT if file.extracted_id else feature_set.folder)
    record: dict[str, Any] = {
        "path": str(folder / file.path), "frames_per_row": feature_set.frames_per_row,
    }  # fmt: skip
    if file.row_length:
        record["row_length"] = file.row_length
    if file.parts:
        record["parts"] = [
            part | {"paths": [str(folder / path) for path in part["paths"]]} for part in file.parts
        ]
    return record


def without_features(
    feature_set: FeatureSet, split: Split, parts: Collection[str] = USED_PARTS
) -> VideoQuerySet:
    """The split's videos in `parts` of which the set has none."""
    videos = Video.objects.ready().filter(
        split_members__split=split, split_members__part__in=list(parts)
    )
    return videos.exclude(pk__in=feature_set.files.values("video")).order_by("name")


def _submit(feature_set: FeatureSet, by: User, compare_with: str) -> Job:
    return submit(
        team=feature_set.dataset.team,
        kind="features",
        subject_id=feature_set.pk,
        title=f"Read the features {feature_set} of {feature_set.dataset.name}",
        queue=Job.Queue.CPU,
        spec={"compare_with": compare_with},
        by=by,
    )


def _content_hash(feature_set: FeatureSet) -> str:
    files = feature_set.files.order_by("video__name")
    columns = files.values_list("video__name", "sha256", "row_length")
    content = [(name, sha256, *([length] if length else [])) for name, sha256, length in columns]
    return hash_of([feature_set.frames_per_row, content])


def check_name(name: str) -> None:
    """Raise UserError."""
    _check_text("name", name, MAX_NAME_LENGTH)


def check_has_videos(dataset: Dataset) -> None:
    """Raise UserError."""
    if not dataset.videos.ready().exists():
        text = _("%s has no videos yet that features could belong to.")
        raise UserError(text % dataset, code="no_videos", field="dataset")


def _check_text(field: str, text: str, longest: int) -> None:
    if not 0 < len(text.strip()) <= longest:
        sentence = _("%(field)s: 1 to %(max)d characters are needed.")
        raise UserError(sentence % {"field": field, "max": longest}, field=field)


def _check_facts(frames_per_row: int, preprocessing: str, weights_sha256: str) -> None:
    if not 1 <= frames_per_row <= MOST_FRAMES_PER_ROW:
        sentence = _("frames_per_row: %(n)s is not between 1 and %(max)s.")
        values = {"n": frames_per_row, "max": MOST_FRAMES_PER_ROW}
        raise UserError(sentence % values, field="frames_per_row")
    if len(preprocessing) > MAX_DESCRIPTION_LENGTH:
        sentence = _("preprocessing: more than %d characters.") % MAX_DESCRIPTION_LENGTH
        raise UserError(sentence, field="preprocessing")
    if weights_sha256 and not SHA256.fullmatch(weights_sha256):
        sentence = _("weights_sha256: 64 of the characters 0 to 9 and a to f are expected.")
        raise UserError(sentence, field="weights_sha256")


def _check_choices(dataset: Dataset, layout: str, compare_with: str) -> None:
    check_has_videos(dataset)
    if layout and layout not in titles():
        text = _("layout: %(layout)s is none of %(known)s.")
        values = {"layout": layout, "known": ", ".join(titles())}
        raise UserError(text % values, field="layout")
    if compare_with and not dataset.feature_sets.ready().filter(pk=compare_with).exists():
        text = _("compare_with: %(dataset)s has no features %(id)s that are read.")
        raise UserError(text % {"dataset": dataset, "id": compare_with}, field="compare_with")


def _checked(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Raise UserError, beside its field, where a fact cannot be."""
    try:
        checked = facts.checked(provenance)
    except BadInput as error:
        raise UserError(str(error), field=str(error).partition(":")[0]) from error
    return {
        key: survey.storable(value) if isinstance(value, str) else value
        for key, value in checked.items()
    }

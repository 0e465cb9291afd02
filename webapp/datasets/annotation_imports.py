"""Ground truth that people bring: read by a job, laid against the videos, accepted by a person.

A draft repairs nothing. What has to be changed so that it fits the videos is stated as a
repair, and only the repairs that somebody accepts enter the version that is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, has_permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.common.holding import fresh, keep
from webapp.datasets import survey
from webapp.datasets.folders import resolve_path
from webapp.datasets.ground_truth import NONE_FOUND, add_version
from webapp.datasets.models import (
    AnnotationImport,
    AnnotationSet,
    Dataset,
    Interval,
    Part,
    Split,
    Video,
)
from webapp.datasets.order import clips_in_order
from webapp.jobs.models import Job
from webapp.jobs.services import submit

MAX_FILE_BYTES = 64_000_000
MAX_NAME_LENGTH = 200
ASSUME_NORMAL = "assume_normal"  # videos that the file does not name are normal throughout
SOME = 5  # unsettled videos that a refusal names


@dataclass(frozen=True, kw_only=True)
class Given:
    """A file as it was sent, or the path of one on the server.

    `options`: "format", and "base", "end" and "rate" of its numbers, where the person knows
    them better than the file tells; "split": the id of a split whose test videos, in their
    order, a file without names goes through.
    """

    name: str
    data: bytes = b""
    path: str = ""
    options: dict[str, Any] = field(default_factory=dict)


@transaction.atomic
def start_annotation_import(*, dataset: Dataset, given: Given, by: User) -> AnnotationImport:
    """Keep the file and submit the job that reads it. Raise UserError."""
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    _check(dataset, given)
    keep(dataset)
    draft = AnnotationImport(
        dataset=dataset,
        name=survey.storable(given.name)[-MAX_NAME_LENGTH:],
        options=given.options,
        created_by=by,
    )
    if given.data:
        draft.sha256 = hashlib.sha256(given.data).hexdigest()
        draft.file.save(given.name, ContentFile(given.data), save=False)
    else:
        draft.path = str(resolve_path(given.path))
    draft.job = submit(
        team=dataset.team,
        kind="annotate",
        subject_id=draft.pk,
        title=f"Read {draft.name} for {dataset.name}",
        queue=Job.Queue.CPU,
        spec={},
        by=by,
    )
    draft.save()
    act = AuditEvent.Act.GROUND_TRUTH_BROUGHT
    record(act, dataset, team=dataset.team, by=by, file=draft.name)
    return draft


def draft_from_list(dataset: Dataset) -> AnnotationImport | None:
    """The file that lists the videos says where anomalies are, too: read it as ground truth.

    Once, and in the name of whoever brought the list, as long as that person may.
    """
    by = dataset.created_by
    if dataset.annotation_imports.exists() or by is None:
        return None
    if not has_permission(by, Permission.DATASET_IMPORT, team=dataset.team):
        return None
    with dataset.list_file.open("rb") as file:
        given = Given(name=dataset.list_name, data=file.read())
    return start_annotation_import(dataset=dataset, given=given, by=by)


def _check(dataset: Dataset, given: Given) -> None:
    if bool(given.data) == bool(given.path):
        raise UserError(_("Send a file with something in it, or name one here."), field="file")
    if len(given.data) > MAX_FILE_BYTES:
        text = _("The file is larger than %d MB.") % (MAX_FILE_BYTES // 1_000_000)
        raise UserError(text, code="too_large", field="file")
    if not dataset.videos.ready().exists():
        raise UserError(_("%s has no videos yet to annotate.") % dataset, code="no_videos")
    split = given.options.get("split")
    if split and not dataset.splits.filter(pk=split).exists():
        raise UserError(_("The dataset has no such split."), field="split")


def begin(draft: AnnotationImport, *, job: Job) -> None:
    """From now on `job` reads the file."""
    AnnotationImport.objects.filter(pk=draft.pk).update(job=job)


def record_alignment(draft: AnnotationImport, alignment: dict[str, Any]) -> None:
    draft.alignment = alignment
    draft.save(update_fields=["alignment", "updated_at"])


def known_videos(dataset: Dataset, times: Path) -> list[dict[str, Any]]:
    """JSON of `ml.data.truth.videos` KnownVideo for each ready video, by name.

    The times of all frames of those that have some go to `times`, end to end, as float64 `.npy`.
    """
    newest = dataset.splits.first()
    parts = dict(newest.members.values_list("video_id", "part")) if newest else {}
    known, stored = [], [np.zeros(0)]
    for video in dataset.videos.ready().iterator(chunk_size=50):
        own = np.frombuffer(video.pts_seconds, "<f8")
        has_times = len(own) == video.n_frames
        known.append(_facts(video, parts.get(video.pk, video.part)) | {"has_times": has_times})
        stored += [own] if has_times else []
    np.save(times, np.concatenate(stored))
    return known


def _facts(video: Video, part: str) -> dict[str, Any]:
    names = ("name", "n_frames", "label", "sha256", "fps", "source", "numbering_fault")
    return {name: getattr(video, name) for name in names} | {"part": part}


def order_of(draft: AnnotationImport) -> list[str]:
    """Names of the test videos of the chosen split, else of the newest, in their one order."""
    splits = Split.objects.filter(dataset=draft.dataset)
    chosen = draft.options.get("split")
    split = (splits.filter(pk=chosen) if chosen else splits).first()
    if split is None:
        return []
    return [video.name for video in clips_in_order(split, Part.TEST)]


def reference_of(dataset: Dataset) -> dict[str, list[list[Any]]]:
    """The ground truth in force, by video name; empty where none was ever found."""
    newest = dataset.ground_truth
    if newest is None or newest.source == NONE_FOUND:
        return {}
    found: dict[str, list[list[Any]]] = {name: [] for name in _ready_names(dataset)}
    rows = newest.intervals.values_list("video__name", "start_frame", "end_frame", "label")
    for name, start, end, label in rows:
        found.setdefault(name, []).append([start, end, label])
    return found


def _ready_names(dataset: Dataset) -> list[str]:
    return list(dataset.videos.ready().values_list("name", flat=True))


@transaction.atomic
def accept_annotation_import(
    *, draft: AnnotationImport, repairs: Collection[str], by: User
) -> AnnotationSet:
    """Store the draft with these repairs as the next version of the ground truth.

    Raise UserError while something is left that no accepted repair settles, ConflictError
    when it is accepted already.
    """
    require(by, Permission.DATASET_IMPORT, team=draft.dataset.team)
    draft = fresh(AnnotationImport.objects.select_for_update(of=["self"]), draft)
    if draft.state == "accepted":
        raise ConflictError(_("This draft is accepted already."), code="accepted")
    if not draft.alignment:
        raise UserError(_("The file has not been read."), code="not_read")
    _check_repaired(draft.alignment, set(repairs))
    stored = add_version(
        draft.dataset,
        list(_intervals(draft)),
        source=f"{draft.alignment['title']}: {draft.name}"[:300],
        provenance=_provenance(draft, repairs, by),
    )
    draft.annotation_set = stored
    draft.save(update_fields=["annotation_set", "updated_at"])
    record(
        AuditEvent.Act.GROUND_TRUTH_ACCEPTED, draft.dataset, team=draft.dataset.team, by=by,
        version=stored.version, file=draft.name, repairs=sorted(repairs),
    )  # fmt: skip
    return stored


def needed_repairs(alignment: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """By code, the repairs without which the draft cannot be stored."""
    needed = {code for row in alignment["rows"] for code in row["repairs"]}
    if alignment["missing"]:
        needed.add(ASSUME_NORMAL)
    return {code: each for code, each in alignment["repairs"].items() if code in needed}


def unrepairable(alignment: dict[str, Any]) -> list[str]:
    """What no repair can settle, a sentence each."""
    faults = [
        f"{each['subject']}: {each['text']}" if each["subject"] else each["text"]
        for each in alignment["findings"]
        if each["level"] == "error"
    ]
    for row in alignment["rows"]:
        if not row["repairs"]:
            texts = [note["text"] for note in row["notes"] if note["level"] == "error"]
            faults += [f"{row['video'] or row['claimed_name']}: {text}" for text in texts]
    return faults


def _check_repaired(alignment: dict[str, Any], accepted: set[str]) -> None:
    if faults := unrepairable(alignment):
        more = _(" and %d more") % (len(faults) - SOME) if len(faults) > SOME else ""
        text = _("This file cannot be taken: %(faults)s%(more)s.")
        values = {"faults": "; ".join(faults[:SOME]), "more": more}
        raise UserError(text % values, code="unsettled")
    open_repairs = {
        code: each for code, each in needed_repairs(alignment).items() if code not in accepted
    }
    if open_repairs:
        text = _("Accept these repairs, or leave the draft: %s")
        sentences = " ".join(each["text"] for each in open_repairs.values())
        raise UserError(text % sentences, code="repairs_open", field="repairs")


def _intervals(draft: AnnotationImport) -> Iterator[Interval]:
    """Raise UserError where a video is no longer what it was when the file was read."""
    videos = {video.name: video for video in draft.dataset.videos.ready().without_times()}
    for row in draft.alignment["rows"]:
        for start, end, label in row["intervals"]:
            video = videos.get(row["video"])
            if video is None or survey.interval_refusal(video, start, end):
                text = _("%s has changed since the file was read. Read the file again.")
                raise UserError(text % row["video"], code="changed")
            label = survey.storable(label)[: survey.MAX_LABEL_LENGTH]
            yield Interval(video=video, start_frame=start, end_frame=end, label=label)


def _provenance(draft: AnnotationImport, repairs: Collection[str], by: User) -> dict[str, Any]:
    known = ("format", "title", "base", "end", "rate", "rule")
    needed = needed_repairs(draft.alignment)
    return {
        "file": draft.name,
        "sha256": draft.sha256,
        "path": draft.path,
        "repairs": {code: needed[code]["text"] for code in sorted(needed) if code in repairs},
        "accepted_by": str(by),
        **{name: draft.alignment[name] for name in known},
    }


def path_of(draft: AnnotationImport) -> Path:
    """Of a file on the server, links followed anew. Raise UserError when it left the roots."""
    return resolve_path(draft.path)

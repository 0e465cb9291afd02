"""Datasets whose videos are not here: a list of names and frame counts stands for them.

Enough for scores that come from elsewhere: ground truth, splits, numbers and curves need
nothing else. Nothing can be trained or scored by this site.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import UserError
from webapp.datasets import survey
from webapp.datasets.models import Dataset, Part, Video
from webapp.datasets.report import record_finding, storable_label
from webapp.datasets.services import checked_labels, checked_name, store_new, submit_import

MAX_FILE_BYTES = 64_000_000
MAX_LIST_NAME = 200
MAX_FPS = 1_000
FOLDER_NAME = "features folder"  # of a list that names a folder in place of videos
NO_COUNT = "The list does not say how many frames it has."


@transaction.atomic
def create_listed_dataset(
    *,
    team: Team,
    name: str,
    list_name: str,
    data: bytes,
    fps: float,
    description: str = "",
    normal_labels: Iterable[str] = (),
    by: User,
) -> Dataset:
    """Register the videos that a file lists with their frame counts. Raise UserError.

    `fps` is the rate of all of them, which turns frames into seconds.
    """
    require(by, Permission.DATASET_IMPORT, team=team)
    _check(data, fps)
    dataset = Dataset(
        team=team,
        name=checked_name(name),
        list_name=_list_name(list_name),
        fps=fps,
        description=description,
        normal_labels=checked_labels(normal_labels),
        created_by=by,
    )
    dataset.list_file.save(list_name, ContentFile(data), save=False)
    store_new(dataset)
    submit_import(dataset, by=by)
    record(AuditEvent.Act.DATASET_CREATED, dataset, team=team, by=by, list=dataset.list_name)
    return dataset


def _list_name(given: str) -> str:
    """As it was given, but for the name that means no list."""
    name = survey.storable(given)[-MAX_LIST_NAME:]
    return "list" if name == FOLDER_NAME else name


def _check(data: bytes, fps: float) -> None:
    if not data:
        raise UserError(_("The list is empty."), field="file")
    if len(data) > MAX_FILE_BYTES:
        text = _("The list is larger than %d MB.") % (MAX_FILE_BYTES // 1_000_000)
        raise UserError(text, code="too_large", field="file")
    if not (math.isfinite(fps) and 0 < fps <= MAX_FPS):
        text = _("The rate is a number of frames per second up to %d.") % MAX_FPS
        raise UserError(text, field="fps")


@transaction.atomic
def record_listed(dataset: Dataset, *, listed: list[dict[str, Any]]) -> None:
    """Store a row for each video of the list that has none of this name and length yet."""
    current = {video.name: video for video in dataset.videos.current().without_times()}
    by_bare_name = _by_bare_name(current, listed)
    rows: dict[str, Video] = {}
    for entry in listed:
        if refusal := survey.name_refusal(entry["name"]):
            record_finding(dataset, level="error", subject=entry["name"], text=refusal)
            continue
        if entry["name"] in rows:
            text = "The list names it twice; the first line counts."
            record_finding(dataset, level="warning", subject=entry["name"], text=text)
            continue
        there = current.get(entry["name"]) or by_bare_name.get(entry["name"])
        rows[entry["name"]] = _row(dataset, entry, there)
    _store(dataset, rows)


def _by_bare_name(current: dict[str, Video], listed: list[dict[str, Any]]) -> dict[str, Video]:
    """Rows by the name with a folder that the list has for them now.

    They were stored before folders counted as part of a name. One entry alone must bear the
    bare name, with as many frames.
    """
    bare = {entry["name"]: entry["name"].rpartition("/")[2] for entry in listed}
    once = {name for name, n in Counter(bare.values()).items() if n == 1}
    n_frames = {entry["name"]: entry["n_frames"] or 0 for entry in listed}
    return {
        name: current[end]
        for name, end in bare.items()
        if end in once and end in current and current[end].n_frames == n_frames[name]
    }


def _store(dataset: Dataset, rows: dict[str, Video]) -> None:
    for place, (name, video) in enumerate(rows.items()):
        video.name, video.place, video.imported_by_id = name, place, dataset.import_job_id
    added = [video for video in rows.values() if video._state.adding]
    kept = [video for video in rows.values() if not video._state.adding]
    Video.objects.bulk_create(added)
    Video.objects.bulk_update(
        kept, ["name", "label", "part", "place", "imported_by"], batch_size=500
    )


def _row(dataset: Dataset, entry: dict[str, Any], there: Video | None) -> Video:
    """The row that is there where it says the same; otherwise that one is retired."""
    n_frames = entry["n_frames"] or 0
    label = storable_label(dataset, entry["label"], subject=entry["name"])
    part = entry["part"] or Part.TEST
    if there and there.n_frames == n_frames:
        there.label, there.part = label, part
        return there
    if there:
        there.status, there.reason = Video.Status.RETIRED, "Its frame count changed."
        there.save(update_fields=["status", "reason"])
    return Video(
        dataset=dataset,
        name=entry["name"],
        kind=Video.Kind.LISTED,
        status=Video.Status.READY if n_frames else Video.Status.REJECTED,
        reason="" if n_frames else NO_COUNT,
        label=label,
        part=part,
        n_frames=n_frames,
        fps=dataset.fps,
        duration_seconds=n_frames / dataset.fps,
    )

"""Previews of clips: a job makes the pictures that a network will see, once for each way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.files import File
from django.db import transaction
from django.utils.translation import gettext as _

from ml.records import hash_of
from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.common.beneath import open_beneath
from webapp.common.errors import UserError
from webapp.common.holding import keep as hold
from webapp.datasets import drawing
from webapp.datasets.models import ClipPreview, Video
from webapp.datasets.records import as_record
from webapp.jobs import services as jobs
from webapp.jobs.models import Job

KIND = "preview"
TIME_LIMIT_SECONDS = 600
FEWEST = 2  # frames of a clip: less shows no motion
# What methods over clips call their options; see `ml.data.clips.preview`.
OPTIONS = (
    "picture_size", "clip_length", "frame_rate", "contrast", "difference", "flow_by",
    "flow_levels", "flow_window", "flow_iterations", "flow_bound",
)  # fmt: skip


@transaction.atomic
def preview(
    *, video: Video, clip: Mapping[str, Any], options: Mapping[str, Any], by: User
) -> ClipPreview:
    """What there is, or will be once its job has ended. Raise UserError.

    `clip` has `start_frame`, `end_frame` and the sides of a box or None, `options` those of a
    method over clips, among others; what is not there has the paper's value.
    """
    team = video.dataset.team
    require(by, Permission.RUN_SUBMIT, team=team)
    if video.kind == Video.Kind.LISTED or not video.n_frames:
        sentence = _("%s is not here: there are no pictures of it.")
        raise UserError(sentence % video.name, code="no_videos_here")
    region = _clip(video, clip)
    known = {name: options[name] for name in OPTIONS if name in options}
    key = hash_of([video.sha256, region, known])
    hold(video)
    found = ClipPreview.objects.select_related("job").filter(video=video, key=key).first()
    if found and found.state != "failed":
        return found
    made = found or ClipPreview.objects.create(video=video, key=key, clip=region, options=known)
    made.job = jobs.submit(
        team=team, kind=KIND, subject_id=made.pk, queue=jobs.light_queue(), spec={}, by=by,
        title=f"Preview of [{region['start_frame']}, {region['end_frame']}) of {video.name}",
        time_limit_seconds=TIME_LIMIT_SECONDS, retry_of=found.job if found else None,
    )  # fmt: skip
    made.save(update_fields=["job"])
    return made


def preview_of(job: Job) -> ClipPreview:
    return ClipPreview.objects.select_related("video__dataset").get(pk=job.subject_id)


def work_of(job: Job) -> dict[str, Any]:
    """What the child is to make, but for its threads."""
    found = preview_of(job)
    record = as_record(found.video, found.video.dataset)
    return {"video": record, "clip": found.clip, "options": found.options}


def keep(found: ClipPreview, event: Mapping[str, Any], *, folder: Path) -> None:
    found.rows, found.frames = event["rows"], event["frames"]
    found.n_frames = event["n_frames"]
    with open_beneath(folder, event["path"]) as file:
        found.sheet.save("preview.png", File(file), save=False)
    found.save()


def job_replaced(*, old: Job, new: Job) -> None:
    ClipPreview.objects.filter(job=old).update(job=new)


def _clip(video: Video, clip: Mapping[str, Any]) -> dict[str, Any]:
    row = drawing.checked(video, {"label": "", **clip}, number=1)
    if row.end_frame is None or row.end_frame - row.start_frame < FEWEST:
        sentence = _("A clip of a single frame shows no motion: take %d frames or more.")
        raise UserError(sentence % FEWEST, code="too_short", field="end_frame")
    sides = {side: clip[side] for side in drawing.SIDES}
    return {
        "start_frame": row.start_frame,
        "end_frame": row.end_frame,
        "box": sides if row.box else None,
    }

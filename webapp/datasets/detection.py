"""Looks for persons in a dataset's videos: a job, whose finds become a set of regions.

What is found in a video is stored at once, so that a worker that is killed, or a cancel, loses one
video at most.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ml.findings import counted
from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.beneath import open_beneath
from webapp.common.config import DETECTOR, complete_config
from webapp.common.errors import ConflictError, UserError
from webapp.common.holding import fresh
from webapp.datasets import features, survey
from webapp.datasets.folders import resolve_path
from webapp.datasets.models import (
    Dataset,
    DetectedVideo,
    Detection,
    Detector,
    Region,
    RegionSet,
)
from webapp.datasets.records import as_record
from webapp.datasets.regions import ROWS_AT_ONCE, check_name
from webapp.datasets.report import add_finding
from webapp.datasets.versions import next_version
from webapp.jobs import services as jobs
from webapp.jobs.models import Job

KIND = "detect"
TIME_LIMIT_SECONDS = 7 * 86_400
LABEL = ""  # who is seen is told by nobody: what they do is the ground truth's to say


@transaction.atomic
def detect(
    *,
    dataset: Dataset,
    name: str,
    detector: Detector,
    options: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
    by: User,
) -> Detection:
    """Submit a search through all of a dataset's videos. Raise UserError.

    `files` are paths below a data root, by their names in `Detector.files`.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    check_name(name)
    if dataset.is_listed:
        sentence = _("The videos of %s are not here: bring a table of regions instead.")
        raise UserError(sentence % dataset, code="no_videos_here", field="dataset")
    features.check_has_videos(dataset)
    detection = Detection.objects.create(
        dataset=dataset,
        name=survey.storable(name.strip()),
        recipe=_recipe(detector, options or {}, files or {}),
        created_by=by,
    )
    detection.job = _submit(detection, by=by)
    detection.save(update_fields=["job"])
    record(
        AuditEvent.Act.REGIONS_SEARCHED, detection, team=dataset.team, by=by,
        dataset=dataset.name, detector=detector.title,
    )  # fmt: skip
    return detection


def cancel(*, detection: Detection, by: User) -> None:
    """End its job; what was found stays, for a resume. Raise ConflictError where none goes on."""
    team = detection.dataset.team
    require(by, Permission.RUN_CANCEL, team=team)
    if detection.state != "searching" or detection.job is None:
        sentence = _("No search for %s goes on: there is nothing to cancel.")
        raise ConflictError(sentence % detection, code="job_ended")
    with transaction.atomic():
        jobs.request_cancel(job=detection.job, by=by, is_recorded=False)
        record(AuditEvent.Act.REGIONS_CANCELLED, detection, team=team, by=by)


@transaction.atomic
def resume(*, detection: Detection, by: User) -> Job:
    """Go on after a bad end with what is missing. Raise ConflictError where there was none."""
    team = detection.dataset.team
    require(by, Permission.DATASET_IMPORT, team=team)
    held = fresh(Detection.objects.select_for_update(of=["self"]), detection)
    if held.state != "failed":
        text = _("%(name)s is %(state)s: there is nothing to resume.")
        values = {"name": held, "state": held.state}
        raise ConflictError(text % values, code="not_failed")
    held.job = _submit(held, by=by, retry_of=held.job)
    held.save(update_fields=["job", "updated_at"])
    record(AuditEvent.Act.REGIONS_RESUMED, held, team=team, by=by)
    return held.job


def job_replaced(*, old: Job, new: Job) -> None:
    """The work of `old` is done again by `new`."""
    Detection.objects.filter(job=old).update(job=new)


def work_of(job: Job) -> dict[str, Any]:
    """What the child of `job` is to look at, but for its threads. Raise UserError."""
    detection = detection_of(job)
    recipe = detection.recipe
    done = detection.videos.values("video")
    videos = list(
        detection.dataset.videos.ready().exclude(pk__in=done).order_by("name").without_times()
    )
    return {
        "detector": recipe["detector"],
        "options": recipe["options"],
        # Once more: since the submission they may have gone or become links to elsewhere.
        "files": {key: str(resolve_path(path)) for key, path in recipe["files"].items()},
        "videos": [as_record(video, detection.dataset) for video in videos],
        "names": {video.pk: video.name for video in videos},
        "n_done": detection.videos.count(),
    }


def detection_of(job: Job) -> Detection:
    return Detection.objects.select_related("dataset").get(pk=job.subject_id)


def keep(detection: Detection, event: Mapping[str, Any], *, folder: Path) -> None:
    """Store what was found in one video. Told twice, it is stored once."""
    with open_beneath(folder, event["path"]) as file:
        pieces = json.load(file)
    DetectedVideo.objects.get_or_create(
        detection=detection,
        video_id=event["video_id"],
        defaults={
            "pieces": pieces,
            "n_tracks": event["n_tracks"],
            "n_looked_at": event["n_looked_at"],
            "n_found": event["n_found"],
        },
    )


def record_facts(detection: Detection, facts: dict[str, Any]) -> None:
    detection.facts = facts
    detection.save(update_fields=["facts", "updated_at"])


def record_finding(detection: Detection, *, level: str, subject: str, text: str) -> None:
    if add_finding(detection.report, level=level, subject=subject, text=text):
        detection.save(update_fields=["report", "updated_at"])


def conclude(detection: Detection) -> RegionSet:
    """All videos were looked at or told of: what was found becomes a set.

    Inside the transaction that ends the job. Raise UserError where nobody was found.
    """
    found = list(detection.videos.select_related("video").order_by("video__name"))
    if not any(each.pieces for each in found):
        sentence = _(
            "Nobody was found in any of %(videos)s. %(detector)s may need another height of "
            "persons, a lower confidence, or a shorter time that they have to be seen for."
        )
        values = {
            "videos": counted(len(found), "video"),
            "detector": detection.facts.get("title", detection.recipe["detector"]),
        }
        raise UserError(sentence % values, code="nobody_found")
    _forget_mended(detection, {each.video.name for each in found})
    made = RegionSet.objects.create(
        dataset=detection.dataset,
        name=detection.name,
        version=next_version(detection.dataset, detection.dataset.region_sets, detection.name),
        origin=detection.facts["title"],
        provenance=detection.facts,
        report=detection.report,
        created_by=detection.created_by,
    )
    Region.objects.bulk_create(_regions(made, found), batch_size=ROWS_AT_ONCE)
    detection.region_set = made
    detection.save(update_fields=["region_set", "report", "updated_at"])
    return made


def _regions(region_set: RegionSet, found: list[DetectedVideo]) -> Iterator[Region]:
    for each in found:
        for piece in each.pieces:
            yield Region(
                region_set=region_set, video=each.video, label=LABEL, track=piece["track"],
                start_frame=piece["start_frame"], end_frame=piece["end_frame"], **piece["box"],
            )  # fmt: skip


def _forget_mended(detection: Detection, names: set[str]) -> None:
    """What failed in one try and went well in a later one is no finding."""
    detection.report = [
        each
        for each in detection.report
        if each["level"] != "error" or each["subject"] not in names
    ]


def _submit(detection: Detection, *, by: User, retry_of: Job | None = None) -> Job:
    return jobs.submit(
        team=detection.dataset.team,
        kind=KIND,
        subject_id=detection.pk,
        title=f"Find persons for {detection} of {detection.dataset.name}",
        queue=jobs.light_queue(),
        spec={},
        by=by,
        time_limit_seconds=TIME_LIMIT_SECONDS,
        retry_of=retry_of,
    )


def _recipe(
    detector: Detector, options: Mapping[str, Any], files: Mapping[str, str]
) -> dict[str, Any]:
    """Checked and completed. Raise UserError, with the field."""
    if detector.lacks:
        raise UserError(detector.lacks, code="not_installed", field="detector")
    for name in files.keys() - detector.files.keys():
        sentence = _("%(detector)s takes no file called %(name)s.")
        raise UserError(sentence % {"detector": detector, "name": name}, field="files")
    return {
        "detector": detector.pk,
        "version": detector.version,
        "options": complete_config(detector.schema, dict(options), of=DETECTOR, under="options"),
        "files": {
            name: _path(detector, name, wanted, files.get(name, ""))
            for name, wanted in detector.files.items()
        },
    }


def _path(detector: Detector, name: str, wanted: str, given: str) -> str:
    if not given.strip():
        sentence = _("%(detector)s needs %(wanted)s.")
        raise UserError(sentence % {"detector": detector, "wanted": wanted}, field=name)
    path = resolve_path(given.strip(), field=name)
    if not path.is_file():
        raise UserError(_("%s is no file.") % given, field=name)
    return str(path)

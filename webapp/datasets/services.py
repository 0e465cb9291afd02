"""Registers datasets and imports what a survey of their folder reports.

An import may be repeated at any time, and its events may come twice: rows are found again
by name and content. Runs keep what they used, so ready videos, ground truth and splits are
never changed here, only followed by newer ones.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from ml.records import hash_of
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.common.holding import fresh
from webapp.datasets import survey
from webapp.datasets.folders import resolve_folder
from webapp.datasets.ground_truth import ensure_ground_truth, report_lost_events
from webapp.datasets.leaks import review_splits
from webapp.datasets.models import (
    AnnotationSet,
    Dataset,
    Part,
    Split,
    SplitMember,
    Video,
    VideoQuerySet,
)
from webapp.datasets.records import as_record
from webapp.datasets.report import record_finding, storable_label
from webapp.jobs.models import Job
from webapp.jobs.services import submit

PUBLISHED = "published"
MAX_NAME_LENGTH = 120
MAX_LABELS = 50  # of a dataset's own that are normal


@transaction.atomic
def create_dataset(
    *,
    team: Team,
    name: str,
    folder: str,
    description: str = "",
    normal_labels: Iterable[str] = (),
    by: User,
) -> Dataset:
    """Register a server folder in place and submit its import. Raise UserError."""
    require(by, Permission.DATASET_IMPORT, team=team)
    dataset = Dataset(
        team=team,
        name=checked_name(name),
        folder=str(resolve_folder(folder)),
        description=description,
        normal_labels=checked_labels(normal_labels),
        created_by=by,
    )
    store_new(dataset)
    submit_import(dataset, by=by)
    record(AuditEvent.Act.DATASET_CREATED, dataset, team=team, by=by, folder=dataset.folder)
    return dataset


def checked_name(name: str) -> str:
    """Raise UserError unless a dataset may be called so."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME_LENGTH:
        raise UserError(
            _("The name needs 1 to %(max)d characters.") % {"max": MAX_NAME_LENGTH}, field="name"
        )
    return name


def store_new(dataset: Dataset) -> None:
    """Raise ConflictError where the team has one of that name."""
    try:
        with transaction.atomic():
            dataset.save(force_insert=True)
    except IntegrityError as error:
        text = _("%(team)s already has a dataset called “%(name)s”.")
        words = {"team": dataset.team, "name": dataset.name}
        raise ConflictError(text % words, code="name_taken", field="name") from error


@transaction.atomic
def set_benchmark(*, dataset: Dataset, benchmark: str, known: Iterable[str], by: User) -> None:
    """Say which published benchmark the dataset is, or with "" that it is none."""
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    if benchmark and benchmark not in known:
        raise UserError(_("%s is no known benchmark.") % benchmark, field="benchmark")
    dataset.benchmark = benchmark
    dataset.save(update_fields=["benchmark", "updated_at"])
    record(AuditEvent.Act.DATASET_CHANGED, dataset, team=dataset.team, by=by, benchmark=benchmark)


@transaction.atomic
def set_normal_labels(*, dataset: Dataset, labels: Iterable[str], by: User) -> None:
    """Say which labels are normal in the dataset. What is stored stays as it was read.

    Raise UserError.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    dataset.normal_labels = checked_labels(labels)
    dataset.save(update_fields=["normal_labels", "updated_at"])
    record(
        AuditEvent.Act.DATASET_CHANGED, dataset, team=dataset.team, by=by,
        normal_labels=dataset.normal_labels,
    )  # fmt: skip


def labels_in(text: str) -> list[str]:
    """Of a text in which commas or lines part them."""
    return [label.strip() for label in re.split(r"[,\r\n]", text) if label.strip()]


def checked_labels(labels: Iterable[str]) -> list[str]:
    """Each once, without spaces around them.

    Raise UserError where there are too many, or one could not be told from two on a page.
    """
    given = list(dict.fromkeys(label.strip() for label in labels if label.strip()))
    for label in given:
        if labels_in(label) != [label]:
            text = _("“%s” holds a comma or the end of a line, which part one label from the next.")
            raise UserError(text % label, field="normal_labels")
    if len(given) > MAX_LABELS or any(len(label) > survey.MAX_LABEL_LENGTH for label in given):
        text = _("Up to %(n)d normal labels with up to %(max)d characters each can be named.")
        values = {"n": MAX_LABELS, "max": survey.MAX_LABEL_LENGTH}
        raise UserError(text % values, field="normal_labels")
    return [survey.storable(label) for label in given]


@transaction.atomic
def import_again(*, dataset: Dataset, by: User, frame_numbers: str | None = None) -> Job:
    """Survey the folder or the list once more. Raise ConflictError while an import goes on.

    `frame_numbers` decides about folders of images from now on; None leaves it as it is.
    """
    require(by, Permission.DATASET_IMPORT, team=dataset.team)
    dataset = fresh(Dataset.objects.select_for_update(of=["self"]), dataset)
    if dataset.is_importing:
        raise ConflictError(_("This dataset is being imported already."), code="import_running")
    if not dataset.is_listed:
        resolve_folder(dataset.folder)
    if frame_numbers is not None:
        dataset.frame_numbers = frame_numbers
        dataset.save(update_fields=["frame_numbers", "updated_at"])
    record(AuditEvent.Act.DATASET_IMPORTED, dataset, team=dataset.team, by=by)
    return submit_import(dataset, by=by)


def submit_import(dataset: Dataset, *, by: User) -> Job:
    job = submit(
        team=dataset.team,
        kind="import",
        subject_id=dataset.pk,
        title=f"Import {dataset.name}",
        queue=Job.Queue.CPU,
        spec={"format": ""},
        by=by,
    )
    begin_import(dataset, job=job)
    return job


def begin_import(dataset: Dataset, *, job: Job) -> None:
    """From now on `job` reports on the dataset, beginning with an empty report."""
    dataset.import_job = job
    dataset.report = []
    dataset.save(update_fields=["import_job", "report", "updated_at"])


@transaction.atomic
def record_video(dataset: Dataset, *, event: dict[str, Any], folder: Path) -> Video | None:
    """Store one surveyed video, with its files out of the job's `folder`.

    None when its name cannot be stored, which the report then says.
    """
    if refusal := survey.name_refusal(event["name"]):
        record_finding(dataset, level="error", subject=event["name"], text=refusal)
        return None
    event = event | {"label": storable_label(dataset, event["label"], subject=event["name"])}
    video = _row_for(dataset, event)
    if dataset.content_hash and video.status != event["status"]:
        dataset.content_hash = ""
        dataset.save(update_fields=["content_hash", "updated_at"])
    survey.fill_in(video, event, folder=folder)
    video.imported_by_id = dataset.import_job_id
    video.save()
    return video


def _row_for(dataset: Dataset, event: dict[str, Any]) -> Video:
    """The row of this content, or a new one; retires a ready row of other content."""
    named = dataset.videos.filter(name=event["name"])
    current = named.current().first()
    same = None
    if event["status"] == Video.Status.READY:
        content = named.filter(
            sha256=event["sha256"],
            n_frames=event["n_frames"],
            pixel_low=event.get("pixel_low", 0),  # other ones are other pictures to a method
            pixel_high=event.get("pixel_high", 0),
        )
        same = content.order_by("pk").first()  # the oldest is the one that runs may have used
    if current and not same and current.status == Video.Status.REJECTED:
        return current
    if current and current != same:
        _retire(named.current(), "Its content changed.")
    return same or Video(dataset=dataset, name=event["name"])


def _retire(videos: VideoQuerySet, reason: str) -> None:
    videos.update(status=Video.Status.RETIRED, reason=reason)


@transaction.atomic
def finish_import(dataset: Dataset, format: str) -> None:
    """Draw the conclusions once every video has been reported."""
    unseen = dataset.videos.current().exclude(imported_by=dataset.import_job)
    gone = "the list" if dataset.is_listed else "the folder"
    _retire(unseen, f"It is no longer in {gone}.")
    ensure_ground_truth(dataset)
    report_lost_events(dataset)
    _report_rejected_tests(dataset, _ensure_published_split(dataset))
    dataset.format = format
    dataset.content_hash = _content_hash(dataset)
    dataset.save(update_fields=["format", "content_hash", "updated_at"])
    review_splits(dataset)


def _content_hash(dataset: Dataset) -> str:
    """Over names, contents, frame counts, and the scale of deep pixels where there are some."""
    facts = ("name", "sha256", "n_frames", "pixel_low", "pixel_high")
    ready = dataset.videos.ready().order_by("name").values_list(*facts)
    content = [row if row[-1] else row[:3] for row in ready]
    return hash_of(content) if content else ""


def _ensure_published_split(dataset: Dataset) -> Split:
    """The split made of the published parts: the newest one where nothing has changed.

    That of a listed dataset keeps the order of the list.
    """
    published = dataset.videos.current().exclude(part="").order_by("place", "pk")
    parts = list(published.values_list("pk", "part"))
    newest = dataset.splits.filter(name=PUBLISHED).order_by("-version").first()
    if newest and _holds(newest, parts):
        return newest
    split = Split.objects.create(
        dataset=dataset,
        name=PUBLISHED,
        version=newest.version + 1 if newest else 1,
        follows_list=dataset.is_listed,
    )
    SplitMember.objects.bulk_create(
        SplitMember(split=split, video_id=video_id, part=part) for video_id, part in parts
    )
    return split


def _holds(split: Split, parts: list[tuple[str, str]]) -> bool:
    members = list(split.members.order_by("pk").values_list("video_id", "part"))
    return members == parts if split.follows_list else set(members) == set(parts)


def _report_rejected_tests(dataset: Dataset, split: Split) -> None:
    rejected = dataset.videos.rejected().in_split(split, Part.TEST)
    for name, reason in rejected.values_list("name", "reason"):
        record_finding(
            dataset,
            level="error",
            subject=name,
            text=f"This test video was rejected, so every number leaves it out: {reason}",
        )


def manifest_videos(
    split: Split,
    annotation_set: AnnotationSet | None = None,
    *,
    parts: Collection[str] = Part.values,
    with_intervals: bool = False,
) -> list[dict[str, Any]]:
    """The ready videos of some parts as JSON of `ml.records.VideoRecord`, paths absolute.

    Their labels go by the ground truth, the newest unless told. Where in a video something is
    abnormal is said `with_intervals` alone, of which no method may know all.
    """
    dataset = split.dataset
    members = split.members.filter(part__in=list(parts))
    part_of = dict(members.values_list("video_id", "part"))
    videos = Video.objects.ready().filter(pk__in=list(part_of)).without_times()
    return [
        as_record(video, dataset)
        | {
            "part": part_of[video.pk],
            "label": video.known_label,
            "intervals": _intervals(video) if with_intervals else [],
        }
        for video in videos.with_ground_truth(annotation_set or dataset.ground_truth)
    ]


def _intervals(video: Video) -> list[dict[str, Any]]:
    return [
        {"start_frame": row.start_frame, "end_frame": row.end_frame, "label": row.label}
        for row in video.ground_truth
    ]

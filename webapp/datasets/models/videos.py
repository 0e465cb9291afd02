"""Datasets, their videos, ground truth and splits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery, Sum
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from ml.clock import Clock
from ml.normal import ABNORMAL, NORMAL
from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel
from webapp.jobs.models import Job

if TYPE_CHECKING:
    from webapp.datasets.models.splits import Split

FINDING_LEVELS = ("error", "warning", "info")
NOT_ABNORMAL = ("", NORMAL)  # labels that call nothing abnormal


class FrameNumbers(models.TextChoices):
    ORDER = "order", _("Pictures count as they lie")


class DatasetQuerySet(TeamOwnedQuerySet):
    def with_facts(self) -> DatasetQuerySet:
        """Adds `n_videos`, `n_frames`, `seconds` over ready videos, and `n_rejected`."""
        ready = Q(videos__status=Video.Status.READY)
        facts = self.select_related("team", "import_job").annotate(
            n_videos=Count("videos", filter=ready),
            n_rejected=Count("videos", filter=Q(videos__status=Video.Status.REJECTED)),
            n_frames=Sum("videos__n_frames", filter=ready, default=0),
            seconds=Sum("videos__duration_seconds", filter=ready, default=0.0),
        )
        return facts.order_by("-id")  # a query that groups ignores Meta.ordering


def dataset_file_name(dataset: Dataset, file_name: str) -> str:
    """Opaque: nothing that a person named reaches the storage."""
    return f"datasets/{dataset.pk}/videos.list"


class Dataset(TimestampedModel):
    """Videos with ground truth and splits, registered in place from a server folder.

    Or listed: known by name and frame count alone, for scores made where the videos are.
    """

    id = PrefixedIdField(prefix="ds")
    team = models.ForeignKey(Team, models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    # Absolute, below one of DATA_ROOTS; empty where videos are listed.
    folder = models.CharField(max_length=1000, blank=True)
    list_file = models.FileField(upload_to=dataset_file_name, max_length=300, blank=True)
    list_name = models.CharField(max_length=200, blank=True)  # of the file as it was given
    fps = models.FloatField(default=0)  # of all listed videos; video files carry their own
    format = models.CharField(max_length=40, blank=True)  # name in ml.data.layouts, once detected
    # What somebody decided about folders of images whose numbers do not fit.
    frame_numbers = models.CharField(max_length=10, choices=FrameNumbers.choices, blank=True)
    # Slug of the published benchmark that this is, whose reported numbers its leaderboards show.
    benchmark = models.SlugField(max_length=40, blank=True)
    # What people here call normal, beside what says so in itself. Taken out of whatever is read.
    normal_labels = models.JSONField(default=list, blank=True)
    import_job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    # [{"level": "error" | "warning" | "info", "subject": video or file, "text": sentence}], and
    # "n_more" with the last of a level of which not all are kept
    report = models.JSONField(default=list)
    # Over names, SHA-256s and frame counts of the ready videos. Empty until imported, and
    # from the first video that a new import finds changed until that import has finished.
    content_hash = models.CharField(max_length=64, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="dataset_name_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_listed(self) -> bool:
        """Its videos are nowhere here: nothing can be trained or scored by this site."""
        return not self.folder

    @property
    def is_importing(self) -> bool:
        return self.import_job is not None and not self.import_job.is_terminal

    @property
    def findings(self) -> list[dict[str, Any]]:
        """The import report, errors first, otherwise in the order in which it was written."""
        return sorted(self.report, key=lambda finding: FINDING_LEVELS.index(finding["level"]))

    @property
    def n_errors(self) -> int:
        """Of the import: what could not be read or used, and counts as if it were not there."""
        return sum(
            1 + finding.get("n_more", 0) for finding in self.report if finding["level"] == "error"
        )

    @property
    def ground_truth(self) -> AnnotationSet | None:
        return self.annotation_sets.first()

    @property
    def labels(self) -> list[str]:
        """Those that videos bear."""
        labels = self.videos.current().exclude(label="").order_by("label")
        return list(labels.values_list("label", flat=True).distinct())

    @property
    def classes(self) -> list[str]:
        """Kinds of anomaly named by the videos' labels or by the newest ground truth."""
        of_videos = self.videos.ready().exclude(label__in=["", NORMAL]).order_by()
        of_intervals = Interval.objects.filter(annotation_set=self.ground_truth).exclude(label="")
        return sorted(
            {*of_videos.values_list("label", flat=True).distinct()}
            | {*of_intervals.order_by().values_list("label", flat=True).distinct()}
        )


class Part(models.TextChoices):
    TRAIN = "train", _("Training")
    VALIDATION = "validation", _("Validation")
    TEST = "test", _("Test")


class VideoQuerySet(TeamOwnedQuerySet):
    team_path = "dataset__team"

    def ready(self) -> VideoQuerySet:
        return self.filter(status=Video.Status.READY)

    def rejected(self) -> VideoQuerySet:
        return self.filter(status=Video.Status.REJECTED)

    def misnumbered(self) -> VideoQuerySet:
        """Whose frames cannot be told by the numbers in their names."""
        return self.ready().exclude(numbering_fault="")

    def current(self) -> VideoQuerySet:
        """What the last import found in the folder."""
        return self.exclude(status=Video.Status.RETIRED)

    def without_times(self) -> VideoQuerySet:
        """Leaves the table of frame times, 8 bytes a frame, in the database."""
        return self.defer("pts_seconds")

    def normal(self, annotation_set: AnnotationSet | None = None) -> VideoQuerySet:
        """Called abnormal neither by their label nor by the ground truth, the newest unless told.

        What a one-class method may learn from.
        """
        return self.filter(~_has_events(annotation_set), label__in=NOT_ABNORMAL)

    def abnormal(self, annotation_set: AnnotationSet | None = None) -> VideoQuerySet:
        """All that are not `normal`."""
        return self.filter(_has_events(annotation_set) | ~Q(label__in=NOT_ABNORMAL))

    def in_split(self, split: Split, part: str) -> VideoQuerySet:
        return self.filter(split_members__split=split, split_members__part=part)

    def with_ground_truth(self, annotation_set: AnnotationSet | None) -> VideoQuerySet:
        """Adds the intervals of one version as the list `ground_truth`."""
        intervals = Interval.objects.filter(annotation_set=annotation_set)
        return self.prefetch_related(Prefetch("intervals", intervals, to_attr="ground_truth"))


def _has_events(annotation_set: AnnotationSet | None) -> Exists:
    """Of a video by this version of the ground truth, the newest unless told."""
    versions = AnnotationSet.objects.filter(dataset=OuterRef(OuterRef("dataset")))
    newest = Subquery(versions.order_by("-version").values("pk")[:1])
    truth = annotation_set.pk if annotation_set else newest
    return Exists(Interval.objects.filter(video=OuterRef("pk"), annotation_set=truth))


def media_name(video: Video, file_name: str) -> str:
    """Opaque: nothing that a person named reaches the storage."""
    return f"datasets/{video.dataset_id}/{video.pk}/{file_name}"


class Video(models.Model):
    """A video file or a folder of numbered images.

    Frames are numbered from 0 in the order in which they are shown. `n_frames` is counted
    by decoding, never read from a header.

    Scores belong to a video's content. When an import finds other content under the name,
    or none, a ready video is retired and kept, and the new content is another row.
    """

    class Kind(models.TextChoices):
        FILE = "file", _("Video file")
        FRAMES = "frames", _("Image sequence")
        LISTED = "listed", _("Listed, not here")

    class Status(models.TextChoices):
        READY = "ready", _("Ready")
        REJECTED = "rejected", _("Rejected")
        RETIRED = "retired", _("Retired")

    id = PrefixedIdField(prefix="vid")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="videos")
    imported_by = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=300)  # relative path without ending
    path = models.CharField(max_length=1000, blank=True)  # relative to the dataset's folder
    kind = models.CharField(max_length=6, choices=Kind.choices)
    status = models.CharField(max_length=8, choices=Status.choices)
    reason = models.TextField(blank=True)  # why it was rejected or retired
    label = models.CharField(max_length=80, blank=True)  # "normal", a class, or unknown
    # Where the publisher put it. Runs go by a split, which may say otherwise.
    part = models.CharField(max_length=10, choices=Part.choices, blank=True)
    # What it shares with other videos, so that splits can keep those together.
    source = models.CharField(max_length=200, blank=True)  # the recording it was cut from
    source_start = models.FloatField(null=True)  # seconds there, where they are known
    source_end = models.FloatField(null=True)
    camera = models.CharField(max_length=200, blank=True)
    actor = models.CharField(max_length=200, blank=True)

    sha256 = models.CharField(max_length=64, blank=True)
    n_bytes = models.BigIntegerField(default=0)
    place = models.PositiveIntegerField(default=0)  # in the list of a dataset that has no files
    n_frames = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(default=0)  # as shown: turned, with square pixels
    height = models.PositiveIntegerField(default=0)
    rotation = models.SmallIntegerField(default=0)  # degrees, counter-clockwise, to be applied
    # Mean rate: (n_frames - 1) / (last pts - first pts). Seconds go by `clock` instead.
    fps = models.FloatField(default=0)
    is_variable_rate = models.BooleanField(default=False)
    duration_seconds = models.FloatField(default=0)
    codec = models.CharField(max_length=40, blank=True)
    has_audio = models.BooleanField(default=False)
    # Black and white of pixels that have more than 8 bits, of 65536 values; 0 where they are bytes.
    pixel_low = models.PositiveIntegerField(default=0)
    pixel_high = models.PositiveIntegerField(default=0)
    # Why its frames cannot be told by the numbers in their names; empty where they can.
    numbering_fault = models.TextField(blank=True)
    # float64 little endian, one per frame; empty where the video is listed and not here
    pts_seconds = models.BinaryField(default=b"")
    # Constant-rate H.264 with exactly n_frames frames: frame k is shown from k / proxy_fps.
    proxy = models.FileField(upload_to=media_name, max_length=300, blank=True)
    proxy_fps = models.FloatField(default=0)
    poster = models.FileField(upload_to=media_name, max_length=300, blank=True)  # JPEG
    contact_sheet = models.FileField(
        upload_to=media_name, max_length=300, blank=True
    )  # JPEG, 12 frames in a row

    objects = VideoQuerySet.as_manager()
    ground_truth: list[Interval]  # after `VideoQuerySet.with_ground_truth`

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name"],
                condition=~Q(status="retired"),
                name="video_name_unique",
            ),
            models.CheckConstraint(
                name="video_ready_has_frames",
                condition=~Q(status="ready") | Q(n_frames__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def known_label(self) -> str:
        """Its label, or what its `ground_truth` says against that."""
        is_abnormal = self.label in NOT_ABNORMAL and self.ground_truth
        return ABNORMAL if is_abnormal else self.label

    @cached_property
    def clock(self) -> Clock | None:
        """As `clock_of`. Costs a query after `without_times`."""
        return clock_of(self.pts_seconds, self.n_frames, self.fps)


def clock_of(pts_seconds: bytes | memoryview, n_frames: int, fps: float) -> Clock | None:
    """The fields of a video as the clock that turns its frames into seconds.

    By the times of its frames; where those are not known, at its rate. None without either.
    """
    return Clock.known(np.frombuffer(pts_seconds, "<f8"), n_frames, fps)


def add_times(videos: Iterable[Video]) -> None:
    """Read the times of all of them, as `without_times` left them out, in one query."""
    by_pk = {video.pk: video for video in videos}
    if not by_pk:
        return
    rows = Video.objects.filter(pk__in=list(by_pk)).values_list("pk", "pts_seconds")
    for pk, pts_seconds in rows:
        by_pk[pk].pts_seconds = pts_seconds


class AnnotationSetQuerySet(TeamOwnedQuerySet):
    team_path = "dataset__team"

    def with_counts(self) -> AnnotationSetQuerySet:
        counted = self.annotate(
            n_intervals=Count("intervals"), n_videos=Count("intervals__video", distinct=True)
        )
        return counted.order_by("-version")  # a query that groups ignores Meta.ordering


class AnnotationSet(models.Model):
    """One version of a dataset's ground truth. Never changed; a repair is a new version.

    A video without an interval is normal throughout.
    """

    id = PrefixedIdField(prefix="gt")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="annotation_sets")
    version = models.PositiveIntegerField()
    source = models.CharField(max_length=300)  # file or rule it came from
    # Of an accepted import: {"file", "sha256", "format", "base", "end", "rate", "rule",
    # "repairs": {code: sentence}, "accepted_by"}. Empty where the dataset's folder said it.
    provenance = models.JSONField(default=dict)
    imported_by = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    content_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = AnnotationSetQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "version"], name="annotation_set_unique"),
        ]

    def __str__(self) -> str:
        return f"ground truth v{self.version} of {self.dataset_id}"


class Interval(models.Model):
    """Abnormal frames `start_frame` up to but not including `end_frame`, counted from 0."""

    annotation_set = models.ForeignKey(AnnotationSet, models.CASCADE, related_name="intervals")
    video = models.ForeignKey(Video, models.CASCADE, related_name="intervals")
    start_frame = models.PositiveIntegerField()
    end_frame = models.PositiveIntegerField()
    label = models.CharField(max_length=80, blank=True)  # anomaly class

    class Meta:
        ordering = ["video", "start_frame"]
        constraints = [
            models.CheckConstraint(
                name="interval_not_empty", condition=Q(start_frame__lt=F("end_frame"))
            ),
        ]

    def __str__(self) -> str:
        return f"[{self.start_frame}, {self.end_frame}) {self.label}"

    @property
    def left_percent(self) -> float:
        """Where it begins on a strip as wide as the video."""
        return 100 * self.start_frame / self.video.n_frames

    @property
    def width_percent(self) -> float:
        return 100 * (self.end_frame - self.start_frame) / self.video.n_frames

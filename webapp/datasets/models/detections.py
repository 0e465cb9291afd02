"""Searches for persons in a dataset's videos, which end as a set of regions."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel
from webapp.datasets.models.regions import RegionSet
from webapp.datasets.models.videos import FINDING_LEVELS, Dataset, Video
from webapp.jobs.models import Job


class Detector(models.Model):
    """What finds persons, as the workers that have it describe it.

    `schema` is the JSON Schema of its options; the form and the REST check are drawn from it.
    """

    name = models.SlugField(max_length=60, primary_key=True)  # module name in ml.detectors
    title = models.CharField(max_length=120)
    summary = models.TextField()
    source = models.CharField(max_length=300)
    licence = models.CharField(max_length=120, blank=True)
    version = models.PositiveIntegerField(default=1)  # another one finds others
    files = models.JSONField(default=dict)  # name -> which file whoever uses it has to name
    lacks = models.TextField(blank=True)  # why no worker can use it yet
    schema = models.JSONField()
    published_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class DetectionQuerySet(TeamOwnedQuerySet):
    team_path = "dataset__team"

    def without_set(self) -> DetectionQuerySet:
        """Those that go on, and those that ended badly."""
        return self.filter(region_set=None).select_related("job")


class Detection(TimestampedModel):
    """A search through all videos of a dataset.

    What is found in a video is stored at once; when all are done, it becomes `region_set`.
    """

    id = PrefixedIdField(prefix="det")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="detections")
    name = models.CharField(max_length=80)  # of the set
    # {"detector", "version", "options", "files": {name: absolute path}}
    recipe = models.JSONField()
    facts = models.JSONField(default=dict)  # what the detector told of itself, with its licence
    report = models.JSONField(default=list)  # [{"level", "subject", "text"}]
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    region_set = models.OneToOneField(
        RegionSet, models.SET_NULL, null=True, related_name="detection"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = DetectionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("datasets:detection", args=[self.pk])

    @property
    def state(self) -> str:
        """searching, failed or ready."""
        if self.region_set_id:
            return "ready"
        return "failed" if self.job is None or self.job.is_terminal else "searching"

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Errors first."""
        return sorted(self.report, key=lambda finding: FINDING_LEVELS.index(finding["level"]))


class DetectedVideo(models.Model):
    """What a search found in one video: `pieces` are those of `ml.detectors.tracking.Piece`."""

    detection = models.ForeignKey(Detection, models.CASCADE, related_name="videos")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")
    pieces = models.JSONField()
    n_tracks = models.PositiveIntegerField()
    n_looked_at = models.PositiveIntegerField()  # frames
    n_found = models.PositiveIntegerField()  # boxes in them

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["detection", "video"], name="detected_video_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.detection_id} {self.video_id}"

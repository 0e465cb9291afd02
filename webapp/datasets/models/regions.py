"""Where in a dataset's videos something is: boxes over ranges of frames, and clips."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Q

from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.datasets.models.videos import Dataset, Video


class RegionSetQuerySet(TeamOwnedQuerySet):
    team_path = "dataset__team"

    def with_counts(self) -> RegionSetQuerySet:
        """Adds `n_regions`, of which `n_boxes` and `n_clips`, and `n_videos`."""
        counted = self.annotate(
            n_regions=Count("regions"),
            n_boxes=Count("regions", filter=Q(regions__left__isnull=False)),
            n_clips=Count("regions", filter=Q(regions__left=None, regions__isnull=False)),
            n_videos=Count("regions__video", distinct=True),
        )
        return counted.select_related("detection").order_by(
            "-id"
        )  # a query that groups ignores Meta.ordering


class RegionSet(models.Model):
    """Regions that came together. Never changed; the same name again is its next version."""

    id = PrefixedIdField(prefix="reg")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="region_sets")
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    origin = models.CharField(max_length=300)  # the file, video or detector that they came from
    # Of what found them: {"detector", "options", "licence", "source", "files", …}
    provenance = models.JSONField(default=dict)
    report = models.JSONField(default=list)  # [{"level", "subject", "text"}]: what was left out
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RegionSetQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name", "version"], name="region_set_version_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"


class Region(models.Model):
    """Frames `start_frame` up to but not including `end_frame` of a video, or a box in them.

    A box is in pixels of the upright picture; without one, the region is a clip.
    """

    region_set = models.ForeignKey(RegionSet, models.CASCADE, related_name="regions")
    video = models.ForeignKey(Video, models.CASCADE, related_name="regions")
    start_frame = models.PositiveIntegerField()
    end_frame = models.PositiveIntegerField()
    left = models.PositiveIntegerField(null=True)
    top = models.PositiveIntegerField(null=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    label = models.CharField(max_length=80, blank=True)
    track = models.PositiveIntegerField(null=True)  # who it is, within the video

    class Meta:
        ordering = ["video", "start_frame", "pk"]
        constraints = [
            models.CheckConstraint(
                name="region_not_empty", condition=Q(start_frame__lt=F("end_frame"))
            ),
            models.CheckConstraint(
                name="region_box_whole",
                condition=Q(left=None, top=None, width=None, height=None)
                | Q(left__isnull=False, top__isnull=False, width__gt=0, height__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"[{self.start_frame}, {self.end_frame}) of {self.video_id} {self.label}"

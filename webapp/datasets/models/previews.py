"""What networks will see of clips, as pictures for people."""

from __future__ import annotations

from django.db import models
from django.urls import reverse

from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.datasets.models.videos import Video
from webapp.jobs.models import Job


def preview_name(preview: ClipPreview, file_name: str) -> str:
    return f"datasets/{preview.video.dataset_id}/{preview.video_id}/previews/{preview.pk}.png"


class ClipPreviewQuerySet(TeamOwnedQuerySet):
    team_path = "video__dataset__team"


class ClipPreview(models.Model):
    """A PNG of as many columns as the clip has pictures, and a row for each of `rows`.

    Made once for each `key`: the same clip of the same video with the same options.
    """

    id = PrefixedIdField(prefix="prev")
    video = models.ForeignKey(Video, models.CASCADE, related_name="previews")
    key = models.CharField(max_length=64)
    clip = models.JSONField()  # {"start_frame", "end_frame", "box"}
    options = models.JSONField()  # of `ml.data.clips.preview.PreviewOptions`
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    sheet = models.FileField(max_length=300, upload_to=preview_name, blank=True)
    rows = models.JSONField(default=list)  # titles of the modalities
    frames = models.JSONField(default=list)  # of each picture; 3.5 is half of 3 and half of 4
    n_frames = models.PositiveIntegerField(default=0)  # that the clip has at the options' rate
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ClipPreviewQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["video", "key"], name="clip_preview_unique"),
        ]

    def __str__(self) -> str:
        return f"[{self.clip['start_frame']}, {self.clip['end_frame']}) of {self.video_id}"

    def get_absolute_url(self) -> str:
        return reverse("results:preview", args=[self.pk])

    @property
    def state(self) -> str:
        """making, failed or ready."""
        if self.sheet:
            return "ready"
        return "failed" if self.job is None or self.job.is_terminal else "making"

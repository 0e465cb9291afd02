"""Files of ground truth that people brought, until they are a version of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel
from webapp.datasets.models.videos import AnnotationSet, Dataset
from webapp.jobs.models import Job


def annotation_file_name(annotation_import: AnnotationImport, file_name: str) -> str:
    return f"datasets/{annotation_import.dataset_id}/{annotation_import.pk}"


class AnnotationImportQuerySet(TeamOwnedQuerySet):
    team_path = "dataset__team"


class AnnotationImport(TimestampedModel):
    """A ground-truth file, how it lies against the videos, and what was made of it.

    A draft until somebody accepts it with its repairs: then it is a version of the ground truth.
    """

    id = PrefixedIdField(prefix="draft")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="annotation_imports")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=200)  # of the file, as it was given
    file = models.FileField(upload_to=annotation_file_name, max_length=300, blank=True)
    path = models.CharField(max_length=1000, blank=True)  # on the server, where nothing was sent
    sha256 = models.CharField(max_length=64, blank=True)
    # {"format", "base", "end", "rate"}: what the person knows better than the file; no key: detect
    options = models.JSONField(default=dict)
    # `ml.data.truth.formats` Alignment.to_json(); empty until the file is read
    alignment = models.JSONField(default=dict)
    annotation_set = models.ForeignKey(
        AnnotationSet, models.SET_NULL, null=True, related_name="drafts"
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = AnnotationImportQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def state(self) -> str:
        """reading, failed, draft or accepted."""
        if self.annotation_set_id:
            return "accepted"
        if self.alignment:
            return "draft"
        return "failed" if self.job is None or self.job.is_terminal else "reading"

"""Features of a dataset's videos: what a network made of them before, elsewhere or here."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count
from django.urls import reverse

from webapp.accounts.models import Team
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.common.models import TimestampedModel
from webapp.datasets.models.storage import FeaturesStorage
from webapp.datasets.models.videos import FINDING_LEVELS, Dataset, Video
from webapp.jobs.models import Job


class Extractor(models.Model):
    """What makes features of videos, as the workers that have it describe it.

    `schema` is the JSON Schema of its options; the form and the REST check are drawn from it.
    """

    name = models.SlugField(max_length=60, primary_key=True)  # module name in ml.extraction
    title = models.CharField(max_length=120)
    summary = models.TextField()
    source = models.CharField(max_length=300)
    licence = models.CharField(max_length=120, blank=True)  # of weights that come with a package
    preprocessing = models.TextField()
    version = models.PositiveIntegerField(default=1)  # another one makes other numbers
    takes_weights = models.BooleanField(default=False)  # a file that whoever extracts has to name
    weights_wanted = models.TextField(blank=True)  # which files fit
    # Of the weights in an installed package, and why no worker has those yet.
    weights_sha256 = models.CharField(max_length=64, blank=True)
    lacks = models.TextField(blank=True)
    dimension = models.PositiveIntegerField()
    n_crops = models.PositiveIntegerField(default=1)
    # Of a row that it can look at.
    fewest_frames = models.PositiveIntegerField(default=1)
    most_frames = models.PositiveIntegerField(default=10_000)
    schema = models.JSONField()
    published_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title


class FeatureSetQuerySet(TeamOwnedQuerySet):
    team_path = "dataset__team"

    def ready(self) -> FeatureSetQuerySet:
        return self.exclude(content_hash="")

    def for_list(self) -> FeatureSetQuerySet:
        """Adds `n_files`: of how many videos there are features so far."""
        counted = self.select_related("job").annotate(n_files=Count("files"))
        return counted.order_by("-id")  # a query that groups ignores Meta.ordering


class FeatureSet(TimestampedModel):
    """Features of each video, all made in one way. Once read, never changed.

    The same name again is its next version. Row i of a video is made of the `frames_per_row`
    frames from `i * frames_per_row` on, unless its file says otherwise.
    """

    id = PrefixedIdField(prefix="feat")
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="feature_sets")
    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField(default=1)
    # Absolute, below one of DATA_ROOTS; empty where they were made here.
    folder = models.CharField(max_length=1000, blank=True)
    # How they are made here: see `webapp.datasets.recipes`. Empty where people brought them.
    recipe = models.JSONField(default=dict)
    extractor = models.CharField(max_length=120)  # the network that made them
    weights_sha256 = models.CharField(max_length=64, blank=True)  # of that network, where known
    # {"description": text} where people brought them
    preprocessing = models.JSONField(default=dict)
    provenance = models.JSONField(default=dict)  # keys of `ml.data.features.provenance`
    # One of `ml.data.features.layouts`: before the files are read the one asked for, if any.
    layout = models.CharField(max_length=40, blank=True)
    frames_per_row = models.PositiveIntegerField(default=16)
    n_crops = models.PositiveIntegerField(default=0)
    dimension = models.PositiveIntegerField(default=0)
    health = models.JSONField(default=dict)  # `ml.data.features.health` Health.to_json()
    report = models.JSONField(default=list)  # [{"level", "subject", "text"}]
    # Over the videos' names, the files' SHA-256s and the frames of a row. Empty until read.
    content_hash = models.CharField(max_length=64, blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )

    objects = FeatureSetQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["dataset", "name", "version"], name="feature_set_version_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def get_absolute_url(self) -> str:
        return reverse("datasets:feature_set", args=[self.pk])

    @property
    def is_made_here(self) -> bool:
        return bool(self.recipe)

    @property
    def state(self) -> str:
        """reading, which is being made where they are made here, failed or ready."""
        if self.content_hash:
            return "ready"
        return "failed" if self.job is None or self.job.is_terminal else "reading"

    @property
    def n_warnings(self) -> int:
        """Findings that are worth a look."""
        return sum(finding["level"] != "info" for finding in self.report)

    @property
    def findings(self) -> list[dict[str, Any]]:
        """Errors first."""
        return sorted(self.report, key=lambda finding: FINDING_LEVELS.index(finding["level"]))


def extracted_file_name(extracted: ExtractedFile, file_name: str) -> str:
    """Where a job has put it: nothing is copied."""
    return file_name


class ExtractedFile(models.Model):
    """What an extractor made of one content of a video, once for all sets of a team.

    `key` says of what and how: see `webapp.datasets.recipes`. It goes with the last set that has
    it.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    file = models.FileField(
        upload_to=extracted_file_name, storage=FeaturesStorage(), max_length=300
    )
    sha256 = models.CharField(max_length=64)
    n_bytes = models.BigIntegerField()
    n_rows = models.PositiveIntegerField()
    n_crops = models.PositiveIntegerField()
    dimension = models.PositiveIntegerField()
    health = models.JSONField()  # `ml.data.features.health` Health.to_state()
    made_with = models.JSONField()  # versions, commit and device of the job that made it
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "key"], name="extracted_file_unique"),
        ]

    def __str__(self) -> str:
        return str(self.file.name)


class FeatureFile(models.Model):
    """The features of one video: one file, or `parts` that are joined when they are opened."""

    feature_set = models.ForeignKey(FeatureSet, models.CASCADE, related_name="files")
    video = models.ForeignKey(Video, models.CASCADE, related_name="feature_files")
    path = models.CharField(max_length=1000)  # below the set's folder; of several the first
    # What was made here, which lies below FEATURES_ROOT.
    extracted = models.ForeignKey(ExtractedFile, models.PROTECT, null=True, related_name="uses")
    sha256 = models.CharField(max_length=64)
    n_rows = models.PositiveIntegerField()
    row_length = models.FloatField(default=0)  # frames of a row, where they are not whole
    parts = models.JSONField(default=list)  # [{"paths", "step"}] of `ml.records.FeaturePart`

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["feature_set", "video"], name="feature_file_unique"),
        ]

    def __str__(self) -> str:
        return self.path

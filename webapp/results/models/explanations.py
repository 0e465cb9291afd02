"""Where scores come from: in the picture, and among the segments of a video."""

from __future__ import annotations

from django.db import models

from webapp.datasets.models import Video
from webapp.results.models.scores import ScoreSet
from webapp.runs.models import Run

ERRORS = "errors"  # by how much a method missed what each part of the picture shows
GRAD_CAM = "grad_cam"  # where the network looks that sees the frames
SEGMENTS = "segments"  # what each segment adds to a score
PICTURES = (ERRORS, GRAD_CAM)
FOLDERS = {ERRORS: "maps", GRAD_CAM: "grad-cam", SEGMENTS: "segments"}


def sheet_name(sheet: StoredSheet, file_name: str) -> str:
    """Opaque: nothing that a person named reaches the storage."""
    target = f"-{sheet.target}" if sheet.target else ""
    suffix = "png" if sheet.kind in PICTURES else "json"
    return f"runs/{sheet.run_id}/{FOLDERS[sheet.kind]}/{sheet.video_id}{target}.{suffix}"


class StoredSheet(models.Model):
    """Maps of a video: a PNG of grey tiles, `columns` in a row.

    Tile i is the map of frame `first_frame + i * frames_per_map`, its levels linear from 0 to
    `highest`, 255. What segments add is JSON, as `ml.explain.segments` writes it: then a map is a
    row whose score is explained, one cell high, and `highest` is the largest number of any sign.
    """

    run_id: str
    video_id: str
    kind = models.CharField(max_length=20, default=ERRORS)  # what a map shows
    # What of the scores it explains: frames, the first and the one after the last as 320-480;
    # empty: the score, of all frames.
    target = models.CharField(max_length=80, blank=True)
    layer = models.CharField(max_length=120, blank=True)  # of the network; empty: its own choice
    # Spearman's rank correlation, −1…1, with maps of the same network with random weights.
    likeness_to_random = models.FloatField(null=True)
    sheet = models.FileField(max_length=300, upload_to=sheet_name)
    rule = models.TextField()  # what a cell shows, how maps were reduced, what the levels mean
    first_frame = models.PositiveIntegerField()
    frames_per_map = models.PositiveIntegerField()
    n_maps = models.PositiveIntegerField()
    height = models.PositiveIntegerField()  # cells of a map
    width = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    highest = models.FloatField()

    class Meta:
        abstract = True


class Explanation(StoredSheet):
    """Where the scores of a test video come from."""

    score_set = models.ForeignKey(ScoreSet, models.CASCADE, related_name="explanations")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")
    highest_of_run: float  # over all its videos, where `explanations_on` read it

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["score_set", "video", "kind", "target", "layer"], name="explanation_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.video_id} in {self.score_set_id}"

    @property
    def run_id(self) -> str:  # type: ignore[override]
        return self.score_set.run_id

    @property
    def key(self) -> str:
        """Names it among those of one video: the run's id for what a run has one of."""
        more = [self.kind, self.target] if self.kind != ERRORS or self.target else []
        return ":".join([self.run_id, *more, *([self.layer] if self.layer else [])])

    @property
    def content_type(self) -> str:
        return "image/png" if self.kind in PICTURES else "application/json"


class PendingExplanation(StoredSheet):
    """Of a test video of a run that is scored in shards, until all of them have landed."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="pending_explanations")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["run", "video", "kind", "target", "layer"],
                name="pending_explanation_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.video_id} for {self.run_id}"

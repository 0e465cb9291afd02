"""Where in the picture scores come from."""

from __future__ import annotations

from django.db import models

from webapp.datasets.models import Video
from webapp.results.models.scores import ScoreSet


def sheet_name(explanation: Explanation, file_name: str) -> str:
    """Opaque: nothing that a person named reaches the storage."""
    return f"runs/{explanation.score_set.run_id}/maps/{explanation.video_id}.png"


class Explanation(models.Model):
    """Where in the picture the scores of a test video come from.

    A PNG of grey tiles, `columns` in a row: tile i is the map of frame
    `first_frame + i * frames_per_map`, its levels linear from no error to `highest`, 255.
    """

    score_set = models.ForeignKey(ScoreSet, models.CASCADE, related_name="explanations")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")
    sheet = models.FileField(max_length=300, upload_to=sheet_name)
    rule = models.TextField()  # what a cell shows, how maps were reduced, what the levels mean
    first_frame = models.PositiveIntegerField()
    frames_per_map = models.PositiveIntegerField()
    n_maps = models.PositiveIntegerField()
    height = models.PositiveIntegerField()  # cells of a map
    width = models.PositiveIntegerField()
    columns = models.PositiveIntegerField()
    highest = models.FloatField()
    highest_of_run: float  # over all its videos, where `explanations_on` read it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["score_set", "video"], name="explanation_unique"),
        ]

    def __str__(self) -> str:
        return f"error maps of {self.video_id} in {self.score_set_id}"

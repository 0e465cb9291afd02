"""Scores as they are stored, and those of uploads that are not complete yet."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef, Q

from ml.records import Scores
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.datasets.models import Part, SplitMember, Video
from webapp.jobs.models import Job
from webapp.runs.models import Run


class ScoreSetQuerySet(TeamOwnedQuerySet):
    team_path = "run__team"

    def on_video(self, video: Video) -> ScoreSetQuerySet:
        """With scores of the video: stored ones, or those of a recipe over its test part."""
        stored = VideoScores.objects.filter(score_set=OuterRef("pk"), video=video)
        tested = SplitMember.objects.filter(
            split=OuterRef("run__split"), video=video, part=Part.TEST
        )
        return self.filter(Exists(stored) | Q(Exists(tested), run__kind=Run.Kind.VIRTUAL))


class ScoreSet(models.Model):
    """One array of anomaly scores per video of a run, higher is more abnormal.

    Complete from the start and never changed. That of a virtual run holds no arrays: read
    scores through `webapp.results.scores.reading`, which computes them by the run's recipe.
    """

    id = PrefixedIdField(prefix="scores")
    run = models.OneToOneField(Run, models.CASCADE, related_name="score_set")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    rule = models.TextField()  # which frames get a score, in a sentence of the method
    content_hash = models.CharField(max_length=64)
    # Of the scores of the split's validation videos, by the same weights; empty without any.
    validation_hash = models.CharField(max_length=64, blank=True)
    # Over all its videos, so that curves of several share one scale; empty without any score, and
    # for a virtual run until it is evaluated.
    lowest = models.FloatField(null=True)
    highest = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScoreSetQuerySet.as_manager()

    def __str__(self) -> str:
        return f"scores of {self.run_id}"


class StoredScores(models.Model):
    """Native scores of one video; `ml.records.Scores` turns them into one per frame."""

    values = models.BinaryField()  # little endian, NaN where frames have no score
    is_double = models.BooleanField(default=False)  # float64, where float32 would change a number
    first_frame = models.PositiveIntegerField(default=0)  # frame of the first value
    frames_per_value = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    @property
    def scores(self) -> Scores:
        return Scores.from_bytes(
            self.values,
            first_frame=self.first_frame,
            frames_per_value=self.frames_per_value,
            is_double=self.is_double,
        )


class VideoScores(StoredScores):
    """Of a test video."""

    score_set = models.ForeignKey(ScoreSet, models.CASCADE, related_name="videos")
    video = models.ForeignKey(Video, models.CASCADE, related_name="scores")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["score_set", "video"], name="video_scores_unique"),
        ]

    def __str__(self) -> str:
        return f"scores of {self.video_id} in {self.score_set_id}"


class ValidationScores(StoredScores):
    """Of a validation video: thresholds are chosen on these, no number is computed of them."""

    score_set = models.ForeignKey(ScoreSet, models.CASCADE, related_name="validation_videos")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["score_set", "video"], name="validation_scores_unique"),
        ]

    def __str__(self) -> str:
        return f"validation scores of {self.video_id} in {self.score_set_id}"


class PendingScores(StoredScores):
    """Of a video of a run that is uploaded or scored in shards, until those of all are there."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="pending_scores")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")
    rule = models.TextField(blank=True)  # how the uploaded values were spread over the frames
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "video"], name="pending_scores_unique"),
        ]

    def __str__(self) -> str:
        return f"scores of {self.video_id} for {self.run_id}"

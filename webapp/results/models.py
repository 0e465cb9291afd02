"""Scores, protocols and the evaluations made of the two."""

from __future__ import annotations

from django.db import models

from ml.records import Scores
from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.datasets.models import AnnotationSet, Video
from webapp.jobs.models import Job
from webapp.runs.models import Run


class ScoreSetQuerySet(TeamOwnedQuerySet):
    team_path = "run__team"


class ScoreSet(models.Model):
    """One array of anomaly scores per video of a run, higher is more abnormal.

    Complete from the start and never changed. That of a virtual run holds no arrays: read
    scores through `webapp.results.scores`, which computes them by the run's recipe.
    """

    id = PrefixedIdField(prefix="scores")
    run = models.OneToOneField(Run, models.CASCADE, related_name="score_set")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    rule = models.TextField()  # which frames get a score, in a sentence of the method
    content_hash = models.CharField(max_length=64)
    # Over all its videos, so that curves of several share one scale; empty without any score.
    lowest = models.FloatField(null=True)
    highest = models.FloatField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScoreSetQuerySet.as_manager()

    def __str__(self) -> str:
        return f"scores of {self.run_id}"


class VideoScores(models.Model):
    """Native scores of one video; `ml.records.Scores` turns them into one per frame."""

    score_set = models.ForeignKey(ScoreSet, models.CASCADE, related_name="videos")
    video = models.ForeignKey(Video, models.CASCADE, related_name="scores")
    values = models.BinaryField()  # float32 little endian
    first_frame = models.PositiveIntegerField(default=0)  # frame of the first value
    frames_per_value = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["score_set", "video"], name="video_scores_unique"),
        ]

    def __str__(self) -> str:
        return f"scores of {self.video_id} in {self.score_set_id}"

    @property
    def scores(self) -> Scores:
        return Scores.from_bytes(
            self.values, first_frame=self.first_frame, frames_per_value=self.frames_per_value
        )


class PendingScores(models.Model):
    """Scores of one video of an uploaded run, until those of all its test videos are there."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="pending_scores")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")
    values = models.BinaryField()  # float32 little endian
    first_frame = models.PositiveIntegerField(default=0)
    frames_per_value = models.PositiveIntegerField(default=1)
    rule = models.TextField(blank=True)  # how the uploaded values were spread over the frames
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "video"], name="pending_scores_unique"),
        ]

    def __str__(self) -> str:
        return f"scores of {self.video_id} for {self.run_id}"

    @property
    def scores(self) -> Scores:
        return Scores.from_bytes(
            self.values, first_frame=self.first_frame, frames_per_value=self.frames_per_value
        )


class Protocol(models.Model):
    """How a number is computed. Immutable: a change is a new version."""

    slug = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    description = models.TextField()
    settings = models.JSONField()  # fields of `ml.evaluation.Settings`

    class Meta:
        ordering = ["slug", "-version"]
        constraints = [models.UniqueConstraint(fields=["slug", "version"], name="protocol_unique")]

    def __str__(self) -> str:
        return f"{self.title} v{self.version}"


class EvaluationQuerySet(TeamOwnedQuerySet):
    team_path = "score_set__run__team"


class Evaluation(models.Model):
    """Score set × protocol × evaluator version × ground truth. Immutable."""

    id = PrefixedIdField(prefix="eval")
    score_set = models.ForeignKey(ScoreSet, models.CASCADE, related_name="evaluations")
    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="evaluations")
    annotation_set = models.ForeignKey(AnnotationSet, models.PROTECT, related_name="evaluations")
    evaluator_version = models.PositiveIntegerField()
    # {name in ml.evaluation.METRICS: number | null}; null is undefined
    metrics = models.JSONField()
    # {name: [lower, upper]}: 95 % intervals by bootstrap over videos, where there are any
    intervals = models.JSONField(default=dict)
    # Those bootstrap replicates: {"names": [metric], "n": rows, "draws": hash of the videos
    # drawn from}, and the values, float64 little endian, (n, len(names)). Two evaluations with
    # equal `draws` drew the same videos in each row, so that their rows can be compared in pairs.
    replicates = models.JSONField(default=dict)
    replicate_values = models.BinaryField(default=b"")
    # {"n_videos", "n_frames", "n_abnormal_frames", "n_frames_without_score",
    #  "n_undefined_videos"}; frames are those that were counted
    counts = models.JSONField()
    # [{"video_id", "auroc": … | null, "n_frames", "n_abnormal_frames",
    #   "n_frames_without_score", "misordering": share of 1 - auroc of the whole | null,
    #   "abnormal_placements", "normal_placements": sums for a comparison as DeLong's}]
    per_video = models.JSONField()
    # [{"label", "n_videos", "n_frames", "auroc_against_normal", "auroc_inside", "ap_…"}]
    per_class = models.JSONField(default=list)
    # {"threshold", "rule", "selected_on": "fixed" | "validation" | "test", and the numbers at it}
    at_threshold = models.JSONField(default=dict)
    # {"fpr": […], "tpr": […], "thresholds": [null, …]}, at most 2,000 points; empty if undefined
    roc = models.JSONField()
    # {"recall": […], "precision": […], "thresholds": […]}, likewise
    pr = models.JSONField(default=dict)
    score_hash = models.CharField(max_length=64)
    annotation_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["score_set", "protocol", "annotation_set", "evaluator_version"],
                name="evaluation_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol_id} of {self.score_set_id}"

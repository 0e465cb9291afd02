"""What scores are worth under a protocol."""

from __future__ import annotations

from typing import Any

from django.db import models

from webapp.accounts.permissions import TeamOwnedQuerySet
from webapp.common.ids import PrefixedIdField
from webapp.datasets.models import AnnotationSet
from webapp.results.models.protocols import Protocol
from webapp.results.models.scores import ScoreSet

FEW_VIDEOS = 200  # with fewer a share is known to ± 7 % at best


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
    #   "n_frames_without_score", "highest": score | null,
    #   "misordering": share of 1 - auroc of the whole | null,
    #   "abnormal_placements", "normal_placements": sums for a comparison as DeLong's}]
    per_video = models.JSONField()
    # [{"label", "n_videos", "n_frames", "auroc_against_normal", "auroc_inside", "interval_…"}]
    per_class = models.JSONField(default=list)
    # [{"threshold", "rule", "selected_on": "fixed" | "validation" | "test", "chosen_from",
    #   "precision", "recall", "f1", "false_alarm_rate", "intervals", "clips"}], the first leads
    thresholds = models.JSONField(default=list)
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

    @property
    def at_threshold(self) -> dict[str, Any]:
        """The numbers at the threshold that leads; empty where none could be chosen."""
        return self.thresholds[0] if self.thresholds else {}

    @property
    def has_few_videos(self) -> bool:
        """So few stand behind its numbers that their intervals are wide."""
        return bool(self.counts["n_videos"] < FEW_VIDEOS)


class ScoreOverview(models.Model):
    """What a score set shows beside its evaluations, whatever the protocol. Immutable."""

    score_set = models.ForeignKey(ScoreSet, models.CASCADE, related_name="overviews")
    annotation_set = models.ForeignKey(AnnotationSet, models.PROTECT, related_name="+")
    evaluator_version = models.PositiveIntegerField()
    # [fields of `ml.evaluation.sensitivity.Variant`]
    grid = models.JSONField()
    # {"thresholds": […], "recall": […], …}, as `ml.evaluation.events.sweep_of` tells
    sweep = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["score_set", "annotation_set", "evaluator_version"],
                name="score_overview_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"overview of {self.score_set_id}"


class PooledEvaluation(models.Model):
    """One evaluation of the scores of all folds of a cross-validation together. Immutable."""

    id = PrefixedIdField(prefix="pool")
    score_sets = models.ManyToManyField(ScoreSet, related_name="pooled")
    pool_hash = models.CharField(max_length=64)  # of the folds' score sets, in no order
    protocol = models.ForeignKey(Protocol, models.PROTECT, related_name="pooled")
    annotation_set = models.ForeignKey(AnnotationSet, models.PROTECT, related_name="pooled")
    evaluator_version = models.PositiveIntegerField()
    # As those of an Evaluation.
    metrics = models.JSONField()
    intervals = models.JSONField(default=dict)
    counts = models.JSONField()
    roc = models.JSONField(default=dict)  # empty, too, of what was pooled before it was kept
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pool_hash", "protocol", "annotation_set", "evaluator_version"],
                name="pooled_evaluation_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.protocol_id} of {self.pool_hash[:8]}"

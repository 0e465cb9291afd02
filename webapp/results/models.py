"""Scores, protocols and the evaluations made of the two."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from ml.records import Scores
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import TeamOwnedQuerySet, teams_of
from webapp.common.ids import PrefixedIdField
from webapp.datasets.models import AnnotationSet, Part, SplitMember, Video
from webapp.jobs.models import Job
from webapp.runs.models import Run

FEW_VIDEOS = 200  # with fewer a share is known to ± 7 % at best


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
    scores through `webapp.results.scores`, which computes them by the run's recipe.
    """

    id = PrefixedIdField(prefix="scores")
    run = models.OneToOneField(Run, models.CASCADE, related_name="score_set")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    rule = models.TextField()  # which frames get a score, in a sentence of the method
    content_hash = models.CharField(max_length=64)
    # Of the scores of the split's validation videos, by the same weights; empty without any.
    validation_hash = models.CharField(max_length=64, blank=True)
    # Over all its videos, so that curves of several share one scale; empty without any score.
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


def sheet_name(sheet: StoredSheet, file_name: str) -> str:
    """Opaque: nothing that a person named reaches the storage."""
    return f"runs/{sheet.run_id}/maps/{sheet.video_id}.png"


class StoredSheet(models.Model):
    """Error maps of a video: a PNG of grey tiles, `columns` in a row.

    Tile i is the map of frame `first_frame + i * frames_per_map`, its levels linear from no error
    to `highest`, 255.
    """

    run_id: str
    video_id: str
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
    """Where in the picture the scores of a test video come from."""

    score_set = models.ForeignKey(ScoreSet, models.CASCADE, related_name="explanations")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")
    highest_of_run: float  # over all its videos, where `explanations_on` read it

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["score_set", "video"], name="explanation_unique"),
        ]

    def __str__(self) -> str:
        return f"error maps of {self.video_id} in {self.score_set_id}"

    @property
    def run_id(self) -> str:  # type: ignore[override]
        return self.score_set.run_id


class PendingExplanation(StoredSheet):
    """Of a test video of a run that is scored in shards, until all of them have landed."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="pending_explanations")
    video = models.ForeignKey(Video, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "video"], name="pending_explanation_unique"),
        ]

    def __str__(self) -> str:
        return f"error maps of {self.video_id} for {self.run_id}"


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


class ProtocolQuerySet(models.QuerySet[Any]):
    def of_team(self, team: Team) -> ProtocolQuerySet:
        """The presets of the installation and those that `team` made."""
        return self.filter(Q(team=None) | Q(team=team))

    def visible_to(self, user: User | AnonymousUser) -> ProtocolQuerySet:
        return self.filter(Q(team=None) | Q(team__in=teams_of(user)))


class Protocol(models.Model):
    """How a number is computed. Immutable: a change is a new version.

    Without a team it is a preset, which every team has.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, related_name="protocols")
    slug = models.SlugField(max_length=60)
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=160)
    description = models.TextField()
    settings = models.JSONField()  # fields of `ml.evaluation.Settings`
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    objects = ProtocolQuerySet.as_manager()

    class Meta:
        ordering = ["slug", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "slug", "version"], name="protocol_unique", nulls_distinct=False
            ),
        ]

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

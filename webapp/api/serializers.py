"""What the API shows: every field is named here, none follows from a model alone."""

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webapp.accounts.models import ApiToken, Membership, User
from webapp.datasets.models import AnnotationSet, Dataset, Interval, Split, Video
from webapp.datasets.seconds import Span, span_of
from webapp.jobs import kinds
from webapp.jobs.models import Job
from webapp.jobs.services import queue_position, waiting_reason
from webapp.results.models import Evaluation, Protocol
from webapp.results.scores.reading import VideoScored
from webapp.runs.models import Method, Run

OBJECT = {"type": "object", "additionalProperties": {}}
NUMBERS = {"type": "object", "additionalProperties": {"type": ["number", "null"]}}
SCORES = {"type": "array", "items": {"type": ["number", "null"]}}


@extend_schema_field(OBJECT)
class ObjectField(serializers.JSONField):
    """A JSON object whose keys depend on what it describes."""


@extend_schema_field(NUMBERS)
class NumbersField(serializers.JSONField):
    """Numbers by name, null where undefined."""


class PersonSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "name"]


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    id = serializers.CharField(source="team_id")
    name = serializers.CharField(source="team.name")

    class Meta:
        model = Membership
        fields = ["id", "name", "role"]


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    class Meta:
        model = ApiToken
        fields = [
            "id", "name", "scope", "team_id", "created_at", "expires_at", "last_used_at",
            "revoked_at",
        ]  # fmt: skip


class TokenWithSecretSerializer(TokenSerializer):
    secret = serializers.CharField(help_text="Shown this once. Only its hash is stored.")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]


class MeSerializer(serializers.ModelSerializer[User]):
    teams = MembershipSerializer(many=True, source="visible_memberships")
    token = TokenSerializer(source="api_token", allow_null=True)

    class Meta:
        model = User
        fields = ["id", "email", "name", "teams", "token"]


class JobSerializer(serializers.ModelSerializer[Job]):
    kind = serializers.ChoiceField(choices=kinds.CHOICES)
    status_reason = serializers.SerializerMethodField()
    queue_position = serializers.SerializerMethodField()
    progress = ObjectField()
    provenance = ObjectField()
    result_url = serializers.SerializerMethodField()
    log_url = serializers.SerializerMethodField()
    cancel_url = serializers.SerializerMethodField()

    class Meta:
        model = Job
        fields = [
            "id", "kind", "title", "queue", "status", "status_reason", "failure",
            "queue_position", "progress", "provenance", "tries", "retry_of_id", "created_at",
            "started_at", "finished_at", "result_url", "log_url", "cancel_url",
        ]  # fmt: skip

    def get_status_reason(self, job: Job) -> str:
        """Why it waits or how it ended, in one sentence."""
        return job.reason or waiting_reason(job)

    def get_queue_position(self, job: Job) -> int | None:
        """1 is next; null when it does not wait."""
        return queue_position(job)

    def get_result_url(self, job: Job) -> str:
        """What it works for: a dataset, a run or a file of ground truth."""
        return reverse(job.facts_of_kind.route, args=[job.subject_id])

    def get_log_url(self, job: Job) -> str:
        return reverse("api:job_log", args=[job.pk])

    def get_cancel_url(self, job: Job) -> str | None:
        """Null once it has ended."""
        return None if job.is_terminal else reverse("api:job_cancel", args=[job.pk])


class LogSerializer(serializers.Serializer[Any]):
    text = serializers.CharField()
    next = serializers.IntegerField(help_text="Ask with `after` set to this for what follows.")
    is_complete = serializers.BooleanField(help_text="The job has ended and this reaches its end.")


class SplitSerializer(serializers.ModelSerializer[Split]):
    n_train = serializers.IntegerField()
    n_validation = serializers.IntegerField()
    n_test = serializers.IntegerField()

    class Meta:
        model = Split
        fields = ["id", "name", "version", "n_train", "n_validation", "n_test"]


class AnnotationSetSerializer(serializers.ModelSerializer[AnnotationSet]):
    class Meta:
        model = AnnotationSet
        fields = ["id", "version", "source", "content_hash", "created_at"]


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    is_listed = serializers.BooleanField(
        help_text="Its videos are not here, only names and counts."
    )
    is_importing = serializers.BooleanField()
    n_videos = serializers.IntegerField()
    n_rejected = serializers.IntegerField()
    n_frames = serializers.IntegerField()
    seconds = serializers.FloatField()

    class Meta:
        model = Dataset
        fields = [
            "id", "name", "description", "folder", "is_listed", "format", "frame_numbers",
            "normal_labels", "content_hash", "is_importing",
            "import_job_id", "n_videos", "n_rejected", "n_frames", "seconds", "created_at",
        ]  # fmt: skip


class FindingSerializer(serializers.Serializer[Any]):
    level = serializers.ChoiceField(choices=["error", "warning", "info"])
    subject = serializers.CharField(allow_blank=True)
    text = serializers.CharField()


class DatasetDetailSerializer(DatasetSerializer):
    classes = serializers.ListField(child=serializers.CharField())
    splits = SplitSerializer(many=True, source="counted_splits")
    ground_truth = AnnotationSetSerializer(allow_null=True)
    report = FindingSerializer(many=True, source="findings")
    videos_url = serializers.SerializerMethodField()

    class Meta(DatasetSerializer.Meta):
        fields = [
            *DatasetSerializer.Meta.fields,
            "classes", "splits", "ground_truth", "report", "videos_url",
        ]  # fmt: skip

    def get_videos_url(self, dataset: Dataset) -> str:
        return reverse("api:dataset_videos", args=[dataset.pk])


class IntervalSerializer(serializers.ModelSerializer[Interval]):
    start_seconds = serializers.SerializerMethodField(
        help_text="When its first frame is shown, on the file's own clock."
    )
    seconds = serializers.SerializerMethodField(help_text="How long it lasts.")

    class Meta:
        model = Interval
        fields = ["start_frame", "end_frame", "label", "start_seconds", "seconds"]

    def get_start_seconds(self, interval: Interval) -> float | None:
        return _span(interval).start_seconds

    def get_seconds(self, interval: Interval) -> float | None:
        return _span(interval).seconds


def _span(interval: Interval) -> Span:
    return span_of(interval.video.clock, interval.start_frame, interval.end_frame)


class VideoSerializer(serializers.ModelSerializer[Video]):
    intervals = IntervalSerializer(many=True, source="ground_truth")

    class Meta:
        model = Video
        fields = [
            "id", "dataset_id", "name", "kind", "status", "reason", "label", "part", "sha256",
            "n_bytes", "n_frames", "width", "height", "rotation", "fps", "is_variable_rate",
            "duration_seconds", "codec", "has_audio", "pixel_low", "pixel_high", "numbering_fault",
            "intervals",
        ]  # fmt: skip


class MethodSerializer(serializers.ModelSerializer[Method]):
    schema = ObjectField(help_text="JSON Schema of the config.")
    sweeps = serializers.ListField(
        child=ObjectField(), help_text="Ready-made ones: name, title, reproduces, grid, variants."
    )

    class Meta:
        model = Method
        fields = [
            "name", "title", "summary", "paper", "supervision", "schema", "sweeps", "published_at"
        ]  # fmt: skip


class RunSerializer(serializers.ModelSerializer[Run]):
    method = serializers.CharField(source="method_id", allow_null=True)
    method_name = serializers.CharField(
        help_text="For people; of uploaded runs, their makers' word."
    )
    config = ObjectField()
    recipe = ObjectField(help_text="Of a virtual run, what it is computed from.")
    status = serializers.ChoiceField(choices=Run.STATES)
    selected_on_test = serializers.BooleanField(
        source="is_selected_on_test",
        help_text="Its checkpoint was chosen by looking at what it is judged by.",
    )
    created_by = PersonSerializer(allow_null=True)
    sweep_id = serializers.CharField(allow_null=True)
    trained_by_id = serializers.CharField(
        allow_null=True, help_text="The run whose weights it scores; null for its own."
    )
    job_url = serializers.SerializerMethodField()
    scores_url = serializers.SerializerMethodField()
    evaluation_url = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = [
            "id", "kind", "name", "dataset_id", "split_id", "annotation_set_id", "method",
            "method_name", "supervision", "features", "reference", "config", "recipe", "seed",
            "selection", "selected_on_test", "dataset_hash", "sweep_id", "trained_by_id",
            "status", "created_by", "created_at",
            "scored_at", "job_url", "scores_url", "evaluation_url",
        ]  # fmt: skip

    def get_job_url(self, run: Run) -> str | None:
        """The job that works for it now, or did last; null for a run without one."""
        return reverse("api:job", args=[run.current_job_id]) if run.current_job_id else None

    def get_scores_url(self, run: Run) -> str:
        return reverse("api:scores", args=[run.pk])

    def get_evaluation_url(self, run: Run) -> str:
        return reverse("api:evaluation", args=[run.pk])


class VideoScoresSerializer(serializers.Serializer[VideoScored]):
    video_id = serializers.CharField(source="video.pk")
    video_name = serializers.CharField(source="video.name")
    n_frames = serializers.IntegerField(source="video.n_frames")
    first_frame = serializers.IntegerField()
    frames_per_value = serializers.IntegerField()
    url = serializers.SerializerMethodField()

    def get_url(self, scored: VideoScored) -> str:
        return reverse("api:video_scores", args=[scored.run_id, scored.video.pk])


class ScoreSetSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    rule = serializers.CharField(help_text="Which frames get a score.")
    content_hash = serializers.CharField()
    videos = VideoScoresSerializer(many=True)
    validation_videos = VideoScoresSerializer(
        many=True, help_text="Thresholds are chosen on these; no number is computed of them."
    )


class FrameScoresSerializer(serializers.Serializer[Any]):
    video_id = serializers.CharField()
    video_name = serializers.CharField()
    first_frame = serializers.IntegerField()
    frames_per_value = serializers.IntegerField()
    frames = extend_schema_field(SCORES)(serializers.JSONField)(
        help_text="One score per frame of the video, null where it has none."
    )


class ProtocolSerializer(serializers.ModelSerializer[Protocol]):
    settings = ObjectField()

    class Meta:
        model = Protocol
        fields = ["slug", "version", "title", "description", "settings"]


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    protocol = ProtocolSerializer()
    metrics = NumbersField(help_text="null where undefined, as AUROC is with one class only.")
    counts = NumbersField()
    intervals = ObjectField(help_text="95 % intervals by bootstrap over videos, [lower, upper].")
    per_video = serializers.ListField(child=ObjectField())
    per_class = serializers.ListField(child=ObjectField())
    at_threshold = ObjectField(help_text="The first of `thresholds`; empty without any.")
    thresholds = serializers.ListField(
        child=ObjectField(),
        help_text="Numbers at each threshold. `selected_on` says what it was chosen on: fixed by "
        "the protocol, on validation scores, or on the test scores that it is judged by.",
    )
    selected_on_test = serializers.BooleanField(
        source="score_set.run.is_selected_on_test",
        help_text="The checkpoint was chosen by looking at what it is judged by.",
    )
    roc = ObjectField()
    pr = ObjectField()

    class Meta:
        model = Evaluation
        fields = [
            "id", "protocol", "evaluator_version", "annotation_set_id", "annotation_hash",
            "score_hash", "selected_on_test", "metrics", "intervals", "counts", "per_video",
            "per_class", "at_threshold", "thresholds", "roc", "pr", "created_at",
        ]  # fmt: skip


class EvaluationsSerializer(serializers.Serializer[Any]):
    n_looks = serializers.IntegerField(
        help_text="Runs scored on the same test videos: the more, the less the best number says."
    )
    results = EvaluationSerializer(many=True)

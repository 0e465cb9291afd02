"""Evaluations of a run over REST."""

from typing import Any

from django.db.models import F, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.authentication import caller
from webapp.api.fields import IntervalField, NumbersField, ObjectField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.protocols import ProtocolSerializer
from webapp.api.requests import Known, read_body, read_query
from webapp.api.runs import visible_run
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, ShortcutBaseline
from webapp.results.protocols.choice import protocol_of
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.results.scores.evaluation_jobs import request_evaluation
from webapp.results.scores.shortcuts import shortcut_of
from webapp.results.studies.reuse_of_test_set import n_looks
from webapp.runs.models import Run


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


class ShortcutSerializer(serializers.Serializer[ShortcutBaseline]):
    """What frame rate, size, length, sound and bit rate alone reach, with the same videos."""

    auroc = serializers.FloatField(
        source="judged.auroc", allow_null=True, help_text="Of videos; null where undefined."
    )
    interval = IntervalField(source="judged.interval", allow_null=True)
    shares = NumbersField(
        source="judged.shares", help_text="Of each fact in what was learnt; empty for nothing."
    )
    pooled_auroc = serializers.FloatField(
        source="pooled.auroc",
        allow_null=True,
        default=None,
        help_text="Of all folds of a cross-validation; null without folds.",
    )
    pooled_interval = IntervalField(source="pooled.interval", allow_null=True, default=None)
    by_fold = serializers.ListField(child=serializers.FloatField(allow_null=True))


class EvaluationsSerializer(serializers.Serializer[Any]):
    n_looks = serializers.IntegerField(
        help_text="Runs scored on the same test videos: the more, the less the best number says."
    )
    shortcut = ShortcutSerializer(
        allow_null=True,
        help_text="To be read beside what learnt from labels; null for other runs, and until the "
        "job has made it.",
    )
    results = EvaluationSerializer(many=True)


class EvaluationQuery(Known):
    protocol = serializers.SlugField(max_length=60, required=False)
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="Of the protocol; the newest when left out."
    )


class ProtocolToEvaluate(Known):
    protocol = serializers.SlugField(max_length=60, help_text="Of the run's team, or a preset.")
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="The newest when left out."
    )


class Evaluations(APIView):
    @extend_schema(responses=EvaluationsSerializer, parameters=[EvaluationQuery])
    def get(self, request: Request, run_id: str) -> Response:
        """One for each protocol, or the one that is named; empty until a job has made it.

        Under a named protocol it is that of the current evaluator.
        """
        run = visible_run(request, run_id)
        wanted = read_query(EvaluationQuery, request)
        rows = _evaluations(run)
        if "protocol" in wanted:
            protocol = protocol_of(wanted["protocol"], run.team, wanted.get("version"))
            own_truth = F("score_set__run__annotation_set")
            rows = rows.filter(IS_CURRENT, protocol=protocol, annotation_set=own_truth)
        answer = {
            "n_looks": n_looks(run.split),
            "shortcut": shortcut_of(run),
            "results": rows,
        }
        return Response(EvaluationsSerializer(answer).data)

    @extend_schema(
        request=ProtocolToEvaluate, responses={200: EvaluationSerializer, 202: JobSerializer}
    )
    def post(self, request: Request, run_id: str) -> Response:
        """Have the run evaluated under a protocol, an old version too; 200 where that is done.

        409 before it is scored, and while other work on it goes on.
        """
        run = visible_run(request, run_id)
        wanted = read_body(ProtocolToEvaluate, request)
        protocol = protocol_of(wanted["protocol"], run.team, wanted.get("version"))
        made = request_evaluation(run=run, protocol=protocol, by=caller(request))
        return (
            accepted(made) if isinstance(made, Job) else Response(EvaluationSerializer(made).data)
        )


def _evaluations(run: Run) -> QuerySet[Evaluation]:
    found = Evaluation.objects.filter(score_set__run=run)
    joined = found.select_related("protocol", "score_set__run")
    return joined.order_by("protocol__slug", "-protocol__version", "-evaluator_version")

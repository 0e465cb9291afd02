"""Evaluations of a run over REST."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.fields import NumbersField, ObjectField
from webapp.api.protocols import ProtocolSerializer
from webapp.api.requests import Known, read_query
from webapp.api.runs import visible_run
from webapp.results.models import Evaluation, ScoreSet
from webapp.results.protocols.choice import protocol_of
from webapp.results.scores.evaluating import evaluate
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


class EvaluationsSerializer(serializers.Serializer[Any]):
    n_looks = serializers.IntegerField(
        help_text="Runs scored on the same test videos: the more, the less the best number says."
    )
    results = EvaluationSerializer(many=True)


class EvaluationQuery(Known):
    protocol = serializers.SlugField(max_length=60, required=False)
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="Of the protocol; the newest when left out."
    )


class Evaluations(APIView):
    @extend_schema(responses=EvaluationsSerializer, parameters=[EvaluationQuery])
    def get(self, request: Request, run_id: str) -> Response:
        """One for each protocol, or the one that is named; empty until the run has been scored.

        Under a named protocol it is made now where it has not been yet.
        """
        run = visible_run(request, run_id)
        wanted = read_query(EvaluationQuery, request)
        if "protocol" in wanted:
            protocol = protocol_of(wanted["protocol"], run.team, wanted.get("version"))
            score_sets = ScoreSet.objects.filter(run=run).select_related("run")
            rows = [evaluate(score_set, protocol) for score_set in score_sets]
        else:
            rows = list(_evaluations(run))
        answer = {"n_looks": n_looks(run.split), "results": rows}
        return Response(EvaluationsSerializer(answer).data)


def _evaluations(run: Run) -> QuerySet[Evaluation]:
    found = Evaluation.objects.filter(score_set__run=run)
    joined = found.select_related("protocol", "score_set__run")
    return joined.order_by("protocol__slug", "-protocol__version", "-evaluator_version")

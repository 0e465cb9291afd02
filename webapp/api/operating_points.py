"""The scores of a run asked anew: operating points, and sensitivity to protocols."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation.settings import LARGEST_THRESHOLD, MAX_SECONDS
from webapp.api.fields import ObjectField
from webapp.api.requests import Known, read_query
from webapp.results.studies.choice import scored_run
from webapp.results.studies.operating_points import Explorer, Wish
from webapp.results.studies.sensitivity import Sensitivity as SensitivityOfRun


class OperatingPointQuery(Known):
    threshold = serializers.FloatField(
        required=False,
        min_value=-LARGEST_THRESHOLD,
        max_value=LARGEST_THRESHOLD,
        help_text="The run's leading one when left out.",
    )
    hold_seconds = serializers.FloatField(min_value=0, max_value=MAX_SECONDS, required=False)
    merge_seconds = serializers.FloatField(
        min_value=0, max_value=MAX_SECONDS, required=False, help_text="1 when left out."
    )
    iou = serializers.FloatField(min_value=0, max_value=1, required=False)


class OperatingPointSerializer(serializers.Serializer[Any]):
    run_id = serializers.CharField()
    threshold = serializers.FloatField()
    rule = serializers.CharField()
    selected_on = serializers.CharField(
        help_text="fixed, validation or test; one that is asked for here is chosen on test."
    )
    selected_on_test = serializers.BooleanField(
        help_text="The threshold, or the checkpoint that was scored."
    )
    hold_seconds = serializers.FloatField()
    merge_seconds = serializers.FloatField()
    iou = serializers.FloatField()
    summary = ObjectField()
    curve = ObjectField(
        help_text="Lists of equal length, by rising threshold; coarser where hold, merge gap or "
        "IoU are others than when left out."
    )
    events = serializers.ListField(child=ObjectField())
    false_alarms = serializers.ListField(child=ObjectField(), help_text="By video, worst first.")


class SensitivityRowSerializer(serializers.Serializer[Any]):
    origin = serializers.ChoiceField(source="source", choices=["preset", "team", "grid"])
    title = serializers.CharField()
    protocol = serializers.CharField(allow_null=True)
    version = serializers.IntegerField(allow_null=True)
    metric = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    interval = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    difference = serializers.FloatField(
        allow_null=True, help_text="To the headline, where both are an AUC of frames."
    )
    papers = serializers.CharField()


class SensitivitySerializer(serializers.Serializer[Any]):
    run_id = serializers.CharField()
    selected_on_test = serializers.BooleanField(help_text="The checkpoint that was scored.")
    headline = serializers.FloatField(allow_null=True)
    missing = serializers.ListField(
        child=serializers.CharField(),
        help_text="Protocols without numbers: `POST /runs/{run_id}/evaluation` has them made.",
    )
    has_grid = serializers.BooleanField(help_text="Whether the grid has been made, by that job.")
    results = SensitivityRowSerializer(many=True)


class OperatingPoints(APIView):
    @extend_schema(parameters=[OperatingPointQuery], responses=OperatingPointSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """What a threshold does to the alarms of a run, and what others would do."""
        score_set = scored_run(request._request, run_id)
        wish = Wish(**read_query(OperatingPointQuery, request))
        return Response(OperatingPointSerializer(Explorer(score_set, wish).to_json()).data)


class Sensitivity(APIView):
    @extend_schema(responses=SensitivitySerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """The same scores under every protocol and under a grid of conventions, as far as made."""
        found = SensitivityOfRun(scored_run(request._request, run_id))
        return Response(SensitivitySerializer(found.to_json()).data)

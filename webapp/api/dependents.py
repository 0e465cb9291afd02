"""What hangs on something and what holds it, over REST: asked before it is deleted."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.requests import Known, read_query
from webapp.api.runs import visible_run
from webapp.api.sweeps import visible_sweep
from webapp.api.weights import visible_weights
from webapp.datasets.models import Dataset, FeatureSet
from webapp.deleting import contents
from webapp.deleting.contents import Dependents


class HoldSerializer(serializers.Serializer[Any]):
    code = serializers.CharField(
        help_text="job, share_link, virtual_run, sweep, run, trains (others score its weights) or "
        "starts (others began with them)."
    )
    sentence = serializers.CharField()
    ids = serializers.ListField(
        child=serializers.CharField(),
        help_text="What has to end, to be revoked or to be deleted first.",
    )


class DependentsSerializer(serializers.Serializer[Any]):
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="Rows that go with it, by kind, without zeros."
    )
    n_files = serializers.IntegerField(help_text="Stored files that go with it.")
    n_bytes = serializers.IntegerField(
        allow_null=True, help_text="Of those; null where the storage was not asked."
    )
    consequences = serializers.ListField(child=serializers.CharField())
    holds = HoldSerializer(many=True, help_text="Empty: it can be deleted now.")


def _answer(hangs: Dependents) -> Response:
    return Response(DependentsSerializer(hangs).data)


class RunDependentsQuery(Known):
    of = serializers.ChoiceField(
        choices=["run", "scores"], default="run", help_text="scores: where the run is to stay."
    )


class RunDependents(APIView):
    @extend_schema(parameters=[RunDependentsQuery], responses=DependentsSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """What `DELETE` would take with the run, or with its scores alone, and what holds it."""
        wanted = read_query(RunDependentsQuery, request)["of"]
        preview = contents.of_run if wanted == "run" else contents.of_scores
        return _answer(preview(visible_run(request, run_id)))


class SweepDependents(APIView):
    @extend_schema(responses=DependentsSerializer)
    def get(self, request: Request, sweep_id: str) -> Response:
        """What `DELETE` would take with the sweep, all of its runs among it."""
        return _answer(contents.of_sweep(visible_sweep(request, sweep_id)))


class WeightsDependents(APIView):
    @extend_schema(responses=DependentsSerializer)
    def get(self, request: Request, weights_id: str) -> Response:
        """What goes with weights that were brought in, and what holds them."""
        return _answer(contents.of_weights(visible_weights(request, weights_id)))


class DatasetDependents(APIView):
    @extend_schema(responses=DependentsSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        """What `DELETE` would take with the dataset, and what holds it."""
        datasets = Dataset.objects.visible_to(request.user)
        return _answer(contents.of_dataset(get_object_or_404(datasets, pk=dataset_id)))


class FeatureSetDependents(APIView):
    @extend_schema(responses=DependentsSerializer)
    def get(self, request: Request, feature_set_id: str) -> Response:
        """What goes with the feature set, and what holds it."""
        visible = FeatureSet.objects.visible_to(request.user)
        return _answer(contents.of_feature_set(get_object_or_404(visible, pk=feature_set_id)))

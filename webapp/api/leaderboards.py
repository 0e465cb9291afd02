"""Leaderboards over REST."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation import EVALUATOR_VERSION
from webapp.api.fields import IntervalField
from webapp.api.protocols import ProtocolSerializer
from webapp.api.requests import Known, read_query
from webapp.datasets.models import Dataset
from webapp.results.models import Protocol
from webapp.results.protocols.choice import newest_of, protocol_of
from webapp.results.protocols.presets import RAW, ensure_protocols
from webapp.results.studies.leaderboard_overview import Best, Line, lines, metric_of
from webapp.results.studies.leaderboards import Board, Entry, Leaderboard


class LeaderboardQuery(Known):
    protocol = serializers.CharField(
        default=RAW.slug, max_length=60, help_text="Its slug; the newest version is taken."
    )


class BestSerializer(serializers.Serializer[Best]):
    run_id = serializers.CharField()
    run_name = serializers.CharField()
    value = serializers.FloatField()
    interval = IntervalField(allow_null=True)
    selected_on_test = serializers.BooleanField(source="is_selected_on_test")


class BoardCellSerializer(serializers.Serializer[Any]):
    protocol = serializers.CharField()
    protocol_version = serializers.IntegerField()
    metric = serializers.CharField()
    n_runs = serializers.IntegerField()
    best = BestSerializer(allow_null=True)
    url = serializers.CharField()


class OverviewLineSerializer(serializers.Serializer[Line]):
    dataset_id = serializers.CharField(source="dataset.pk")
    dataset_name = serializers.CharField(source="dataset.name")
    protocols = serializers.SerializerMethodField()

    @extend_schema_field(BoardCellSerializer(many=True))
    def get_protocols(self, line: Line) -> Any:
        address = reverse("api:leaderboard", args=[line.dataset.pk])
        cells = [
            {
                "protocol": protocol.slug,
                "protocol_version": protocol.version,
                "metric": metric_of(protocol)[0],
                "n_runs": best.n_runs if best else 0,
                "best": best,
                "url": f"{address}?protocol={protocol.slug}",
            }
            for protocol, best in line.cells
        ]
        return BoardCellSerializer(cells, many=True).data


class OverviewSerializer(serializers.Serializer[Any]):
    results = OverviewLineSerializer(many=True)


class EntrySerializer(serializers.Serializer[Entry]):
    rank = serializers.IntegerField()
    group = serializers.IntegerField(help_text="Runs of one group are not clearly different.")
    run_id = serializers.CharField(source="run.pk")
    run_name = serializers.CharField(source="run.name")
    method_name = serializers.CharField(source="run.method_name")
    features = serializers.CharField(source="run.features")
    supervision = serializers.CharField()
    seed = serializers.IntegerField(source="run.seed")
    value = serializers.FloatField()
    interval = IntervalField(allow_null=True)
    selection = serializers.CharField(source="run.selection")
    selected_on_test = serializers.BooleanField(source="run.is_selected_on_test")
    score_hash = serializers.CharField(source="evaluation.score_hash")
    annotation_hash = serializers.CharField(source="evaluation.annotation_hash")


class SeedsSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    n = serializers.IntegerField()
    mean = serializers.FloatField()
    standard_deviation = serializers.FloatField(source="deviation")
    selected_on_test = serializers.BooleanField(source="is_selected_on_test")


class BoardSerializer(serializers.Serializer[Board]):
    split_id = serializers.CharField(source="split.pk")
    split = serializers.CharField()
    annotation_set_id = serializers.CharField(source="annotation_set.pk")
    annotation_set_version = serializers.IntegerField(source="annotation_set.version")
    entries = EntrySerializer(many=True)
    seeds = SeedsSerializer(many=True)


class ReportedSerializer(serializers.Serializer[Any]):
    method = serializers.CharField()
    value = serializers.FloatField()
    features = serializers.CharField()
    supervision = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    note = serializers.CharField()


class LeaderboardSerializer(serializers.Serializer[Any]):
    dataset_id = serializers.CharField(source="dataset.pk")
    dataset_hash = serializers.CharField(source="dataset.content_hash")
    protocol = ProtocolSerializer()
    metric = serializers.CharField(source="metric_name")
    evaluator_version = serializers.IntegerField()
    boards = BoardSerializer(
        many=True, help_text="One per split and ground truth; only what is in one is ranked."
    )
    reported = ReportedSerializer(
        many=True, help_text="Claims of papers by this protocol, never ranked."
    )


class Leaderboards(APIView):
    @extend_schema(operation_id="leaderboards_overview", responses=OverviewSerializer)
    def get(self, request: Request) -> Response:
        """The best of each dataset under each protocol, on its newest split and ground truth."""
        datasets = Dataset.objects.visible_to(request.user).order_by("name", "pk")
        of_teams = Protocol.objects.visible_to(request.user).exclude(team=None)
        protocols = ensure_protocols() + newest_of(of_teams)
        return Response(OverviewSerializer({"results": lines(datasets, protocols)}).data)


class LeaderboardDetail(APIView):
    @extend_schema(parameters=[LeaderboardQuery], responses=LeaderboardSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        """Our runs ranked, and what papers report by the same protocol."""
        wanted = read_query(LeaderboardQuery, request)
        datasets = Dataset.objects.visible_to(request.user).select_related("team")
        dataset = get_object_or_404(datasets, pk=dataset_id)
        board = Leaderboard(dataset, protocol_of(wanted["protocol"], dataset.team))
        answer = {
            "dataset": dataset,
            "protocol": board.protocol,
            "metric_name": board.metric_name,
            "evaluator_version": EVALUATOR_VERSION,
            "boards": board.boards,
            "reported": board.reported,
        }
        return Response(LeaderboardSerializer(answer).data)

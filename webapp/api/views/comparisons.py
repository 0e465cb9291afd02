"""Comparisons of runs, and leaderboards."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation import EVALUATOR_VERSION
from webapp.api.requests import read_query
from webapp.api.requests_comparisons import (
    ComparisonQuery,
    LeaderboardQuery,
    read_comparison,
)
from webapp.api.serializers_comparisons import (
    ComparisonSerializer,
    LeaderboardSerializer,
    OverviewSerializer,
)
from webapp.datasets.models import Dataset
from webapp.results.models import Protocol
from webapp.results.protocols.choice import newest_of, protocol_of
from webapp.results.protocols.presets import ensure_protocols
from webapp.results.studies.choice import chosen_truth, runs_in_order
from webapp.results.studies.comparison import Cell, Comparison
from webapp.results.studies.leaderboard_overview import lines
from webapp.results.studies.leaderboards import Leaderboard
from webapp.runs.models import Run


class Comparisons(APIView):
    @extend_schema(parameters=[ComparisonQuery], responses=ComparisonSerializer)
    def get(self, request: Request) -> Response:
        """Runs side by side: numbers, paired differences to the first run, what is set apart."""
        wanted = read_comparison(request).validated_data
        runs = runs_in_order(Run.objects.visible_to(request.user), wanted["run"])
        truth = chosen_truth(wanted.get("annotation_set", ""), runs)
        comparison = Comparison(runs, protocol_of(wanted["protocol"], runs[0].team), truth)
        return Response(ComparisonSerializer(described(comparison)).data)


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


def described(comparison: Comparison) -> dict[str, Any]:
    """What `ComparisonSerializer` writes."""
    runs = [
        {"run": column.run, "evaluation": column.evaluation, "is_alike": column.is_alike}
        | {"rank_group": group}
        for column, group in zip(comparison.columns, comparison.groups, strict=True)
    ]
    return {
        "protocol": comparison.protocol,
        "metric_name": comparison.metric_name,
        "evaluator_version": EVALUATOR_VERSION,
        "runs": runs,
        "metrics": [
            {
                "metric": row.name,
                "title": row.metric.title,
                "higher_is_better": row.metric.higher_is_better,
                "cells": [
                    _cell(cell, column.run)
                    for cell, column in zip(row.cells, comparison.columns, strict=True)
                ],
            }
            for row in comparison.rows
        ],
        "config_differences": [
            {"name": name, "values": values} for name, values in comparison.differing
        ],
        "per_class": comparison.classes,
    }


def _cell(cell: Cell, run: Run) -> dict[str, Any]:
    paired = cell.difference
    return {
        "run_id": run.pk,
        "value": cell.value,
        "interval": cell.interval,
        "is_best": cell.is_best,
        "not_paired": cell.unpaired,
        "paired": paired
        and {
            "difference": paired.difference,
            "interval": list(paired.interval),
            "p_value": paired.p_value,
            "is_clear": cell.is_clear,
        },
    }

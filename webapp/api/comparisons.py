"""Comparisons of runs over REST."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation import EVALUATOR_VERSION
from webapp.api.fields import IntervalField, NumbersListField
from webapp.api.leaderboards import LeaderboardQuery
from webapp.api.protocols import ProtocolSerializer
from webapp.results.protocols.choice import protocol_of
from webapp.results.studies.choice import chosen_truth, runs_in_order
from webapp.results.studies.comparison import (
    FEW_VIDEOS,
    MAX_RUNS,
    UNPAIRED,
    Cell,
    ClassRow,
    Comparison,
)
from webapp.runs.models import Run


class ComparisonQuery(LeaderboardQuery):
    run = serializers.ListField(
        child=serializers.CharField(max_length=36),
        min_length=1,
        max_length=MAX_RUNS,
        help_text="Once for each run; the others are measured by the first.",
    )
    annotation_set = serializers.CharField(
        required=False,
        max_length=36,
        help_text="Evaluate all against this ground truth; else each against its own.",
    )


def read_comparison(request: Request) -> ComparisonQuery:
    """The checked query. A run named twice counts once."""
    query = request.query_params
    runs = list(dict.fromkeys(query.getlist("run")))
    form = ComparisonQuery(data=query.dict() | {"run": runs})
    form.is_valid(raise_exception=True)
    return form


class PairedSerializer(serializers.Serializer[Any]):
    difference = serializers.FloatField(help_text="This run's number minus the first one's.")
    interval = IntervalField()
    p_value = serializers.FloatField(help_text="Two-sided, by paired bootstrap over videos.")
    is_clear = serializers.BooleanField(help_text="The interval leaves out 0.")


class CellSerializer(serializers.Serializer[Any]):
    run_id = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    interval = IntervalField(allow_null=True)
    is_best = serializers.BooleanField()
    paired = PairedSerializer(allow_null=True, help_text="To the first run.")
    not_paired = serializers.ChoiceField(
        choices=["", *UNPAIRED], help_text="Why two numbers have no paired difference."
    )


class MetricRowSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    title = serializers.CharField()
    higher_is_better = serializers.BooleanField()
    cells = CellSerializer(many=True)


class ComparedRunSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="run.pk")
    name = serializers.CharField(source="run.name")
    method_name = serializers.CharField(source="run.method_name")
    split_id = serializers.CharField(source="run.split_id")
    annotation_set_id = serializers.SerializerMethodField(
        help_text="The ground truth that its numbers are against."
    )
    is_evaluated = serializers.SerializerMethodField()
    is_alike = serializers.BooleanField(help_text="On the split and ground truth of the first.")
    rank_group = serializers.IntegerField(allow_null=True)
    selected_on_test = serializers.BooleanField(
        source="run.is_selected_on_test",
        help_text="Its checkpoint was chosen by looking at what it is judged by.",
    )
    score_hash = serializers.CharField(
        source="evaluation.score_hash", default=None, allow_null=True
    )
    annotation_hash = serializers.CharField(
        source="evaluation.annotation_hash", default=None, allow_null=True
    )

    def get_annotation_set_id(self, column: dict[str, Any]) -> str:
        found: str = (column["evaluation"] or column["run"]).annotation_set_id
        return found

    def get_is_evaluated(self, column: dict[str, Any]) -> bool:
        return column["evaluation"] is not None


class DifferingSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    values = serializers.ListField(child=serializers.CharField())


class ClassSerializer(serializers.Serializer[ClassRow]):
    label = serializers.CharField()  # type: ignore[assignment]
    n_videos = serializers.IntegerField()
    is_few = serializers.BooleanField(help_text=f"Fewer than {FEW_VIDEOS} videos.")
    auroc_against_normal = NumbersListField(source="values")
    intervals = serializers.ListField(child=IntervalField(allow_null=True))
    average_precision = NumbersListField(source="precisions")
    average_precision_intervals = serializers.ListField(
        source="precision_intervals", child=IntervalField(allow_null=True)
    )


class ComparisonSerializer(serializers.Serializer[Any]):
    """Lists of values follow the order of `runs`."""

    protocol = ProtocolSerializer()
    metric = serializers.CharField(source="metric_name", help_text="The number that leads.")
    evaluator_version = serializers.IntegerField()
    runs = ComparedRunSerializer(many=True)
    metrics = MetricRowSerializer(many=True)
    config_differences = DifferingSerializer(many=True, help_text="Equal rows are left out.")
    per_class = ClassSerializer(many=True)


class Comparisons(APIView):
    @extend_schema(parameters=[ComparisonQuery], responses=ComparisonSerializer)
    def get(self, request: Request) -> Response:
        """Runs side by side: numbers, paired differences to the first run, what is set apart."""
        wanted = read_comparison(request).validated_data
        runs = runs_in_order(Run.objects.visible_to(request.user), wanted["run"])
        truth = chosen_truth(wanted.get("annotation_set", ""), runs)
        comparison = Comparison(runs, protocol_of(wanted["protocol"], runs[0].team), truth)
        return Response(ComparisonSerializer(described(comparison)).data)


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

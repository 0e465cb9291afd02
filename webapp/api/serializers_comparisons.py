"""What the API shows of comparisons and leaderboards."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webapp.api.serializers import ProtocolSerializer
from webapp.results.studies.comparison import FEW_VIDEOS, UNPAIRED, ClassRow
from webapp.results.studies.leaderboard_overview import Best, Line, metric_of
from webapp.results.studies.leaderboards import Board, Entry

ENDS = {"type": ["array", "null"], "items": {"type": "number"}, "minItems": 2, "maxItems": 2}
NUMBER_OR_NULL = {"type": ["number", "null"]}
NUMBERS_LIST = {"type": "array", "items": NUMBER_OR_NULL}


@extend_schema_field(ENDS)
class IntervalField(serializers.JSONField):
    """Lower and upper end of a 95 % interval, null where there is none."""


@extend_schema_field(NUMBERS_LIST)
class NumbersListField(serializers.JSONField):
    """A number for each run, in their order, null where undefined."""


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


class ComparisonSerializer(serializers.Serializer[Any]):
    """Lists of values follow the order of `runs`."""

    protocol = ProtocolSerializer()
    metric = serializers.CharField(source="metric_name", help_text="The number that leads.")
    evaluator_version = serializers.IntegerField()
    runs = ComparedRunSerializer(many=True)
    metrics = MetricRowSerializer(many=True)
    config_differences = DifferingSerializer(many=True, help_text="Equal rows are left out.")
    per_class = ClassSerializer(many=True)


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

"""Sweeps over REST."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation import EVALUATOR_VERSION
from ml.splits.making import MAX_FOLDS
from ml.splits.tables import GROUP_KINDS
from webapp.api import idempotency
from webapp.api.accounts import PersonSerializer
from webapp.api.authentication import caller
from webapp.api.comparisons import PairedSerializer
from webapp.api.fields import IntervalField, ObjectField
from webapp.api.leaderboards import LeaderboardQuery, ReportedSerializer
from webapp.api.lists import ListView
from webapp.api.protocols import ProtocolSerializer
from webapp.api.requests import Known, OrderedQuery, read_body, read_query
from webapp.api.runs import CombinedSerializer, RunOfSplit, RunSerializer, feature_set_field
from webapp.datasets.splits import FoldRule
from webapp.deleting.services import delete_sweep
from webapp.jobs.models import Job
from webapp.results.protocols.choice import protocol_of
from webapp.results.studies.seed_ensembles import combine_seeds
from webapp.results.studies.sweep_table import SweepCell, SweepRow, SweepTable
from webapp.runs import sweeps
from webapp.runs.grid import MAX_RUNS
from webapp.runs.models import LARGEST_SEED, Method, Run, Sweep
from webapp.runs.sweeps import LONGEST_TITLE


class NewVariant(Known):
    title = serializers.CharField(max_length=LONGEST_TITLE, default="", allow_blank=True)
    config = serializers.DictField(default=dict, help_text="The fields that differ.")
    starts_from = serializers.CharField(
        max_length=36,
        required=False,
        help_text="Id of a run, or of weights that were brought in, to begin learning with.",
    )

    def to_internal_value(self, data: Any) -> Any:
        self.initial_data = data  # which a nested one is not given, and `Known` asks for
        return super().to_internal_value(data)


class NewFolds(Known):
    n_folds = serializers.IntegerField(min_value=2, max_value=MAX_FOLDS)
    held_out_by = serializers.ChoiceField(choices=["", *GROUP_KINDS], default="source")
    seed = serializers.IntegerField(min_value=0, max_value=LARGEST_SEED, default=0)

    def to_internal_value(self, data: Any) -> Any:
        self.initial_data = data  # which a nested one is not given, and `Known` asks for
        return FoldRule(**super().to_internal_value(data))


class NewSweep(RunOfSplit):
    """Configurations are every combination of `grid`, for each of `variants`."""

    method = serializers.PrimaryKeyRelatedField(queryset=Method.objects.all())
    ready = serializers.CharField(
        default="",
        allow_blank=True,
        help_text="Name of a sweep that the method brings: its title, grid and variants where "
        "they are left out.",
    )
    title = serializers.CharField(max_length=LONGEST_TITLE, default="", allow_blank=True)
    feature_set = feature_set_field()
    config = serializers.DictField(
        default=dict, help_text="What holds for all; fields left out get their defaults."
    )
    grid = serializers.DictField(
        default=dict, help_text="Fields of the method, each with a list of values."
    )
    variants = NewVariant(many=True, default=list)
    seeds = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST_SEED),
        default=[0],
        max_length=MAX_RUNS,
    )
    folds = serializers.ListField(
        child=serializers.IntegerField(min_value=1),
        default=list,
        max_length=MAX_RUNS,
        help_text="Of the split's cross-validation; the split alone when left out.",
    )
    cross_validation = NewFolds(
        required=False,
        help_text="Folds over all videos of the dataset to be made, a run on each; in place of "
        "`split` and `folds`. Where the same rule has made the same folds before, these are used.",
    )
    selection = serializers.ChoiceField(
        choices=list(Run.SELECTIONS_HERE),
        default=Run.Selection.LAST,
        help_text="`test`: labels of test videos choose. To repeat published numbers; marked.",
    )
    queue = serializers.ChoiceField(choices=["", *Job.Queue.values], default="", allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        name = attrs.pop("ready")
        return _as_ready(attrs, name) if name else attrs


def _as_ready(attrs: dict[str, Any], name: str) -> dict[str, Any]:
    """What is left out is taken from the method's own sweep of this name."""
    known = {each["name"]: each for each in attrs["method"].sweeps}
    if name not in known:
        has = ", ".join(known) or "none"
        raise serializers.ValidationError({"ready": f"the method has no such sweep; it has {has}"})
    taken = {field: attrs[field] or known[name][field] for field in ("title", "grid", "variants")}
    return attrs | taken


class SweepQuery(OrderedQuery):
    dataset = serializers.CharField(max_length=36, required=False)
    method = serializers.CharField(max_length=60, required=False)


class VariantSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(allow_blank=True)
    config = ObjectField()
    starts_from = serializers.CharField(
        default="", help_text="Run or weights that its trainings begin with; empty: random ones."
    )


class SweepSerializer(serializers.ModelSerializer[Sweep]):
    method = serializers.CharField(source="method_id")
    feature_set_id = serializers.CharField(
        allow_null=True, help_text="Which its runs read; null for methods that read none."
    )
    config = ObjectField(help_text="What holds for all configurations.")
    grid = ObjectField(help_text="Fields of the method, each with a list of values.")
    variants = VariantSerializer(many=True)
    seeds = serializers.ListField(child=serializers.IntegerField())
    folds = serializers.ListField(child=serializers.IntegerField())
    created_by = PersonSerializer(allow_null=True)
    n_runs = serializers.IntegerField()
    n_scored = serializers.IntegerField()
    n_going_on = serializers.IntegerField(help_text="Runs with a job that waits or works.")
    n_failed = serializers.IntegerField()
    url = serializers.SerializerMethodField()
    runs_url = serializers.SerializerMethodField()
    cancel_url = serializers.SerializerMethodField()

    class Meta:
        model = Sweep
        fields = [
            "id", "title", "dataset_id", "split_id", "method", "feature_set_id", "config", "grid",
            "variants", "seeds", "folds", "created_by", "created_at", "n_runs", "n_scored",
            "n_going_on", "n_failed", "url", "runs_url", "cancel_url",
        ]  # fmt: skip

    def get_url(self, sweep: Sweep) -> str:
        """With the table of its numbers."""
        return reverse("api:sweep", args=[sweep.pk])

    def get_runs_url(self, sweep: Sweep) -> str:
        return f"{reverse('api:runs')}?sweep={sweep.pk}"

    def get_cancel_url(self, sweep: Any) -> str | None:
        """Null once all runs have ended."""
        return reverse("api:sweep_cancel", args=[sweep.pk]) if sweep.n_going_on else None


class SweepNumberSerializer(serializers.Serializer[Any]):
    metric = serializers.CharField()
    value = serializers.FloatField(allow_null=True, help_text="Of the only run, or the mean.")
    deviation = serializers.FloatField(
        allow_null=True,
        help_text="Standard deviation between seeds or folds; null for a single one.",
    )
    n = serializers.IntegerField(
        allow_null=True,
        help_text="How many seeds or folds the mean is over; null where each row is one run.",
    )
    interval = IntervalField(
        allow_null=True, help_text="Of a single run: 95 %, by bootstrap over videos."
    )
    paired = PairedSerializer(
        allow_null=True,
        help_text="To the first row, over the same drawn videos, the seeds taken as they are.",
    )
    is_best = serializers.BooleanField(help_text="Of the rows whose runs are all scored.")
    selected_on_test = serializers.BooleanField(
        help_text="Found by looking at what it is judged by, as every best is."
    )


class SweepRowSerializer(serializers.Serializer[Any]):
    row = serializers.IntegerField()
    title = serializers.CharField(allow_blank=True, help_text="Of its variant.")
    config = ObjectField(help_text="The fields that differ between rows.")
    run_ids = serializers.ListField(child=serializers.CharField())
    ensemble_ids = serializers.ListField(
        child=serializers.CharField(),
        help_text="Virtual runs that are the mean of all its seeds, one for each fold.",
    )
    is_complete = serializers.BooleanField(help_text="All of its runs are scored.")
    numbers = SweepNumberSerializer(many=True)
    printed = ReportedSerializer(
        many=True, help_text="Claims of papers about this configuration, by this protocol."
    )


class SweepTableSerializer(serializers.Serializer[Any]):
    """Its numbers under one protocol."""

    protocol = ProtocolSerializer()
    metric = serializers.CharField(help_text="The number that leads.")
    evaluator_version = serializers.IntegerField()
    over = serializers.ChoiceField(
        choices=["", "seeds", "folds"], help_text="What the numbers of a row are means over."
    )
    rows = SweepRowSerializer(many=True)


class SweepDetailSerializer(SweepTableSerializer, SweepSerializer):
    """Both together: it describes the answer, which the two write."""

    class Meta(SweepSerializer.Meta):
        fields = [
            *SweepSerializer.Meta.fields,
            "protocol", "metric", "evaluator_version", "over", "rows",
        ]  # fmt: skip


# Public name of a filter -> where it is asked. Nothing else reaches the database.
FILTERS = {"dataset": "dataset_id", "method": "method_id"}


class Sweeps(ListView[Sweep]):
    serializer_class = SweepSerializer
    query_form = SweepQuery

    def get_queryset(self) -> QuerySet[Sweep]:
        wanted = self.wanted
        chosen = {path: wanted[name] for name, path in FILTERS.items() if name in wanted}
        visible = Sweep.objects.visible_to(self.request.user).filter(**chosen)
        found: QuerySet[Sweep] = visible.for_list().with_counts()
        return found.order_by(OrderedQuery.ORDERS[wanted["order"]])

    @extend_schema(parameters=[SweepQuery])
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        request=NewSweep, responses={202: SweepSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request) -> Response:
        """Submit every run of a grid, or none. At most 200; each is a run as any other."""
        return idempotency.answer_once(request, partial(_submit, request))


class SweepDetail(APIView):
    @extend_schema(parameters=[LeaderboardQuery], responses=SweepDetailSerializer)
    def get(self, request: Request, sweep_id: str) -> Response:
        """The sweep and, as far as its runs are scored, its table under one protocol."""
        wanted = read_query(LeaderboardQuery, request)
        sweep = visible_sweep(request, sweep_id)
        table = SweepTable(sweep, protocol_of(wanted["protocol"], sweep.team))
        numbers = {
            "protocol": table.protocol,
            "metric": table.metric_name,
            "evaluator_version": EVALUATOR_VERSION,
            "over": table.over,
            "rows": [_row(row, table) for row in table.rows],
        }
        return Response(SweepSerializer(sweep).data | SweepTableSerializer(numbers).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, sweep_id: str) -> Response:
        """With all of its runs. 409 and the reasons where it is held. A token needs scope
        manage."""
        delete_sweep(sweep=visible_sweep(request, sweep_id), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class SweepCancel(APIView):
    @extend_schema(request=None, responses={202: SweepSerializer})
    def post(self, request: Request, sweep_id: str) -> Response:
        """Cancel all of its runs that have not ended. 409 where all have."""
        sweep = sweeps.cancel_sweep(sweep=visible_sweep(request, sweep_id), by=caller(request))
        return _accepted(request, sweep)


class SweepCombinations(APIView):
    @extend_schema(request=None, responses={201: CombinedSerializer})
    def post(self, request: Request, sweep_id: str) -> Response:
        """Make the mean of the scores of all seeds, for each configuration that lacks it."""
        made = combine_seeds(visible_sweep(request, sweep_id), by=caller(request))
        data = {"results": RunSerializer(made, many=True).data}
        return Response(data, status=status.HTTP_201_CREATED)


def _submit(request: Request) -> Response:
    wanted = read_body(NewSweep, request)
    sweep = sweeps.submit_sweep(team=wanted["dataset"].team, **wanted, by=caller(request))
    return _accepted(request, sweep)


def _accepted(request: Request, sweep: Sweep) -> Response:
    headers = {"Location": reverse("api:sweep", args=[sweep.pk])}
    data = SweepSerializer(visible_sweep(request, sweep.pk)).data
    return Response(data, status=status.HTTP_202_ACCEPTED, headers=headers)


def visible_sweep(request: Request, sweep_id: str) -> Any:
    visible = Sweep.objects.visible_to(request.user)
    return get_object_or_404(visible.for_list().with_counts(), pk=sweep_id)


def _row(row: SweepRow, table: SweepTable) -> dict[str, Any]:
    config = row.runs[0].config
    return {
        "row": row.number,
        "title": row.title,
        "config": {name: config.get(name) for name in table.fields},
        "run_ids": [run.pk for run in row.runs],
        "ensemble_ids": [each.run.pk for each in row.ensembles],
        "is_complete": row.is_complete,
        "numbers": [_number(name, cell) for name, cell in row.cells.items()],
        "printed": row.printed,
    }


def _number(name: str, cell: SweepCell) -> dict[str, Any]:
    paired = cell.difference
    return {
        "metric": name,
        "value": cell.value,
        "deviation": cell.spread.deviation if cell.spread else None,
        "n": cell.spread.n if cell.spread else None,
        "interval": cell.interval,
        "paired": paired
        and {
            "difference": paired.difference,
            "interval": list(paired.interval),
            "p_value": paired.p_value,
            "is_clear": cell.is_clear,
        },
        "is_best": cell.is_best,
        "selected_on_test": cell.is_best,
    }

"""The tables of a paper on a dataset over REST: printed numbers beside ours."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.permissions import Permission, require
from webapp.api.authentication import caller
from webapp.api.fields import IntervalField
from webapp.api.leaderboards import ReportedSerializer
from webapp.api.requests import Known, read_body, read_query
from webapp.api.runs import CombinedSerializer, RunSerializer
from webapp.datasets.models import Dataset
from webapp.results.studies.paper_runs import combine_missing, submit_missing
from webapp.results.studies.paper_tables import Ours, PaperRow, PaperTables, chosen_tables
from webapp.results.studies.printed import benchmarks_printed
from webapp.runs.models import LARGEST_SEED, Run


class PapersQuery(Known):
    benchmark = serializers.ChoiceField(
        choices=benchmarks_printed(),
        default="",
        allow_blank=True,
        help_text="Whose numbers; that of the dataset when left out.",
    )
    split = serializers.CharField(max_length=36, default="", help_text="Its id; else the newest.")
    features = serializers.CharField(
        max_length=36, default="", help_text="Id of a feature set; else the newest."
    )
    selection = serializers.ChoiceField(
        choices=list(Run.SELECTIONS_HERE),
        default="",
        allow_blank=True,
        help_text="Beside the printed numbers only runs whose checkpoints were chosen so.",
    )


class MissingRuns(Known):
    seeds = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=LARGEST_SEED),
        default=[0],
        max_length=20,
    )
    selection = serializers.ChoiceField(
        choices=list(Run.SELECTIONS_HERE),
        default=Run.Selection.LAST,
        help_text="`test`: labels of test videos choose. To repeat published numbers; marked.",
    )
    validate_every = serializers.IntegerField(
        min_value=1,
        allow_null=True,
        default=None,
        help_text="Updates from one checkpoint that may be chosen to the next; 1 as published.",
    )


class OursSerializer(serializers.Serializer[Ours]):
    run_ids = serializers.SerializerMethodField()
    value = serializers.FloatField(source="spread.mean", default=None, allow_null=True)
    deviation = serializers.FloatField(source="spread.deviation", default=None, allow_null=True)
    n = serializers.IntegerField(source="spread.n", default=0)
    interval = IntervalField(allow_null=True)
    changed_settings = serializers.CharField(source="changes", allow_blank=True)
    selected_on_test = serializers.BooleanField(source="is_selected_on_test")

    def get_run_ids(self, ours: Ours) -> list[str]:
        return [run.pk for run in ours.runs]


class PaperRowSerializer(serializers.Serializer[PaperRow]):
    printed = ReportedSerializer(source="claim")
    printed_how = serializers.CharField(source="way")
    methods = serializers.SerializerMethodField(
        help_text="What is here of it; several are averaged."
    )
    ours = OursSerializer(allow_null=True)
    difference = serializers.FloatField(allow_null=True, help_text="Ours minus what is printed.")
    lacking = serializers.ChoiceField(
        choices=["", "not_here", "other_features", "no_runs", "not_combined"],
        help_text="Why there is no number of ours.",
    )

    def get_methods(self, row: PaperRow) -> list[str]:
        return [setting.title for setting in row.settings]


class PaperTableSerializer(serializers.Serializer[Any]):
    number = serializers.IntegerField(source="printed.number")
    title = serializers.CharField(source="printed.title")
    source = serializers.CharField(source="printed.source")  # type: ignore[assignment]
    metric = serializers.CharField(source="metric_name")
    protocol = serializers.CharField(source="protocol.slug")
    rows = PaperRowSerializer(many=True)


class PaperTablesSerializer(serializers.Serializer[PaperTables]):
    dataset_id = serializers.CharField(source="dataset.pk")
    benchmark = serializers.CharField()
    is_the_benchmark = serializers.BooleanField(
        help_text="If not, the printed numbers are of other videos than ours."
    )
    split_id = serializers.CharField(source="split.pk")
    feature_set_id = serializers.CharField(source="feature_set_id_or_none", allow_null=True)
    selection = serializers.CharField(help_text="Of our checkpoints; empty: in any way.")
    to_train = serializers.SerializerMethodField(help_text="What nothing was submitted of.")
    n_to_combine = serializers.SerializerMethodField()
    tables = PaperTableSerializer(many=True)

    def get_to_train(self, found: PaperTables) -> list[str]:
        return [setting.title for setting in found.to_train]

    def get_n_to_combine(self, found: PaperTables) -> int:
        return len(found.to_combine)


class SubmittedSerializer(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.CharField(), help_text="Of sweeps and runs.")


class DatasetPaperTables(APIView):
    @extend_schema(parameters=[PapersQuery], responses=PaperTablesSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        """Each number that a paper prints beside that of our runs on a split and features."""
        return Response(PaperTablesSerializer(_found(request, dataset_id)).data)


class DatasetPaperRuns(APIView):
    @extend_schema(
        request=MissingRuns, parameters=[PapersQuery], responses={202: SubmittedSerializer}
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Submit what the tables lack, with the paper's settings: a sweep for each method."""
        found = _found(request, dataset_id)
        require(caller(request), Permission.RUN_SUBMIT, team=found.dataset.team)
        wanted = read_body(MissingRuns, request)
        made = submit_missing(found, **wanted, by=caller(request))
        return Response({"ids": [each.pk for each in made]}, status=status.HTTP_202_ACCEPTED)


class DatasetPaperCombinations(APIView):
    @extend_schema(request=None, parameters=[PapersQuery], responses={201: CombinedSerializer})
    def post(self, request: Request, dataset_id: str) -> Response:
        """Make the virtual runs that rows of several methods lack, by the paper's rule."""
        made = combine_missing(_found(request, dataset_id), by=caller(request))
        data = {"results": RunSerializer(made, many=True).data}
        return Response(data, status=status.HTTP_201_CREATED)


def _found(request: Request, dataset_id: str) -> PaperTables:
    """Raise Http404 where the dataset has no split."""
    datasets = Dataset.objects.visible_to(request.user).select_related("team")
    dataset = get_object_or_404(datasets, pk=dataset_id)
    found = chosen_tables(dataset, **read_query(PapersQuery, request))
    if found is None:
        raise Http404
    return found

"""Runs over REST."""

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api import idempotency
from webapp.api.accounts import PersonSerializer
from webapp.api.authentication import caller
from webapp.api.fields import ObjectField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.lists import ListView
from webapp.api.requests import Known, OrderedQuery, VisibleField, read_body
from webapp.api.stages import StageSerializer
from webapp.datasets.models import Dataset, FeatureSet, RegionSet, Split
from webapp.deleting.services import delete_run
from webapp.jobs.models import Job
from webapp.runs import services
from webapp.runs.models import Method, Run, Weights


class RunOfSplit(Known):
    dataset = VisibleField(queryset=Dataset.objects.all())
    split = serializers.CharField(
        max_length=36, required=False, help_text="The dataset's newest when left out."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        splits = Split.objects.filter(dataset=attrs["dataset"])
        wanted = attrs.get("split")
        attrs["split"] = (splits.filter(pk=wanted) if wanted else splits).first()
        if attrs["split"] is None:
            raise serializers.ValidationError({"split": "the dataset has no such split"})
        return attrs


def feature_set_field() -> VisibleField:
    return VisibleField(
        queryset=FeatureSet.objects.all(),
        required=False,
        help_text="Of the dataset; for a method that reads features, and for no other.",
    )


class NewRun(RunOfSplit):
    method = serializers.PrimaryKeyRelatedField(queryset=Method.objects.all())
    feature_set = feature_set_field()
    region_set = VisibleField(
        queryset=RegionSet.objects.all(),
        required=False,
        help_text="Of the dataset; what a method that reads clips looks at alone. None: at all.",
    )
    starts_from = VisibleField(
        queryset=Run.objects.all(),
        required=False,
        help_text="A run of the same method, or of one that the method begins with: learn from the "
        "weights that it was scored with.",
    )
    starts_from_weights = VisibleField(
        queryset=Weights.objects.all(),
        required=False,
        help_text="Weights of the same method that were brought in: learn from these on.",
    )
    weights = VisibleField(
        queryset=Weights.objects.all(),
        required=False,
        help_text="Weights that were brought in: nothing is trained, they are scored.",
    )
    config = serializers.DictField(
        default=dict,
        help_text="Fields left out get their defaults, or are those of the weights to be scored.",
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**32 - 1, default=0)
    name = serializers.CharField(max_length=160, default="", allow_blank=True)
    selection = serializers.ChoiceField(
        choices=list(Run.SELECTIONS_HERE),
        default=Run.Selection.LAST,
        help_text="`test`: labels of test videos choose. To repeat published numbers; marked.",
    )
    queue = serializers.ChoiceField(choices=["", *Job.Queue.values], default="", allow_blank=True)


class RunQuery(OrderedQuery):
    dataset = serializers.CharField(max_length=36, required=False)
    method = serializers.CharField(max_length=60, required=False)
    sweep = serializers.CharField(max_length=36, required=False)
    status = serializers.ChoiceField(choices=Run.STATES, required=False)


class RunSerializer(serializers.ModelSerializer[Run]):
    method = serializers.CharField(source="method_id", allow_null=True)
    method_name = serializers.CharField(
        help_text="For people; of uploaded runs, their makers' word."
    )
    config = ObjectField()
    recipe = ObjectField(help_text="Of a virtual run, what it is computed from.")
    status = serializers.ChoiceField(choices=Run.STATES)
    selected_on_test = serializers.BooleanField(
        source="is_selected_on_test",
        help_text="Its checkpoint was chosen by looking at what it is judged by.",
    )
    created_by = PersonSerializer(allow_null=True)
    feature_set_id = serializers.CharField(
        allow_null=True, help_text="What a method that reads features was given."
    )
    region_set_id = serializers.CharField(
        allow_null=True, help_text="What a method that reads clips looked at; null: at all."
    )
    starts_from = serializers.CharField(
        source="starts_from.run_id",
        default=None,
        allow_null=True,
        help_text="The run whose weights it began with; null for random ones.",
    )
    starts_from_weights = serializers.CharField(
        source="starts_from.published_id",
        default=None,
        allow_null=True,
        help_text="Weights that were brought in, where its training began with such.",
    )
    weights_id = serializers.CharField(
        allow_null=True, help_text="What it scores of weights that were brought in."
    )
    sweep_id = serializers.CharField(allow_null=True)
    trained_by_id = serializers.CharField(
        allow_null=True, help_text="The run whose weights it scores; null for its own."
    )
    job_url = serializers.SerializerMethodField()
    scores_url = serializers.SerializerMethodField()
    evaluation_url = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = [
            "id", "kind", "name", "dataset_id", "split_id", "annotation_set_id", "method",
            "method_name", "supervision", "features", "feature_set_id", "region_set_id",
            "reference", "config", "starts_from", "starts_from_weights", "weights_id", "recipe",
            "seed", "selection", "selected_on_test", "dataset_hash", "sweep_id", "trained_by_id",
            "status", "created_by", "created_at", "scored_at", "job_url", "scores_url",
            "evaluation_url",
        ]  # fmt: skip

    def get_job_url(self, run: Run) -> str | None:
        """The job that works for it now, or did last; null for a run without one."""
        return reverse("api:job", args=[run.current_job_id]) if run.current_job_id else None

    def get_scores_url(self, run: Run) -> str:
        return reverse("api:scores", args=[run.pk])

    def get_evaluation_url(self, run: Run) -> str:
        return reverse("api:evaluation", args=[run.pk])


class RunDetailSerializer(RunSerializer):
    stages = serializers.SerializerMethodField()

    class Meta(RunSerializer.Meta):
        fields = [*RunSerializer.Meta.fields, "stages"]

    @extend_schema_field(StageSerializer(many=True))
    def get_stages(self, run: Run) -> object:
        """What its jobs have done and do, in this order; each is cut into one or more shards."""
        stages = run.stages.prefetch_related("shards__job")
        return StageSerializer(stages, many=True).data


# Public name of a filter -> where it is asked. Nothing else reaches the database.
FILTERS = {"dataset": "dataset_id", "method": "method_id", "sweep": "sweep_id"}


class CombinedSerializer(serializers.Serializer[Any]):
    results = RunSerializer(many=True)


class Runs(ListView[Run]):
    serializer_class = RunSerializer
    query_form = RunQuery

    def get_queryset(self) -> QuerySet[Run]:
        wanted = self.wanted
        chosen = {path: wanted[name] for name, path in FILTERS.items() if name in wanted}
        runs = Run.objects.visible_to(self.request.user).for_list().filter(**chosen)
        if "status" in wanted:
            runs = runs.in_states([wanted["status"]])
        return runs.order_by(OrderedQuery.ORDERS[wanted["order"]])

    @extend_schema(parameters=[RunQuery])
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        request=NewRun, responses={202: JobSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request) -> Response:
        """Train a method on a dataset, or take weights; score its test videos, evaluate."""
        return idempotency.answer_once(request, partial(_submit, request))


def _submit(request: Request) -> Response:
    wanted = read_body(NewRun, request)
    run = services.create_run(team=wanted["dataset"].team, **wanted, by=caller(request))
    return accepted(run.job)


def visible_run(request: Request, run_id: str) -> Run:
    return get_object_or_404(Run.objects.visible_to(request.user).for_list(), pk=run_id)


class RunDetail(APIView):
    @extend_schema(responses=RunDetailSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """With its stages."""
        return Response(RunDetailSerializer(visible_run(request, run_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, run_id: str) -> Response:
        """With all that hangs on it. 409 and the reasons where it is held. A token needs
        scope manage; members delete what they made themselves."""
        delete_run(run=visible_run(request, run_id), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class RunCancel(APIView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, run_id: str) -> Response:
        """Cancel the jobs that work for it. A run that has ended gives 409."""
        run = services.cancel_run(run=visible_run(request, run_id), by=caller(request))
        run.job.refresh_from_db()
        return accepted(run.job)


class RunResume(APIView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, run_id: str) -> Response:
        """Go on after a bad end, with what is not stored yet. Where there is none: 409."""
        run = services.resume_run(run=visible_run(request, run_id), by=caller(request))
        return accepted(run.job)

"""Methods and runs."""

from functools import partial

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.requests import NewRun, OrderedQuery, PageQuery, RunQuery, read_body
from webapp.api.serializers import JobSerializer, MethodSerializer, RunSerializer
from webapp.api.serializers_stages import RunDetailSerializer
from webapp.api.views.answers import accepted
from webapp.api.views.lists import ListView
from webapp.runs import services
from webapp.runs.models import Method, Run

# Public name of a filter -> where it is asked. Nothing else reaches the database.
FILTERS = {"dataset": "dataset_id", "method": "method_id", "sweep": "sweep_id"}


class Methods(ListView[Method]):
    """Published by the workers; the same for all teams."""

    serializer_class = MethodSerializer

    def get_queryset(self) -> QuerySet[Method]:
        return Method.objects.order_by("name")

    @extend_schema(parameters=[PageQuery])
    def get(self, request: Request) -> Response:
        return self.list(request)


class MethodDetail(APIView):
    @extend_schema(responses=MethodSerializer)
    def get(self, request: Request, name: str) -> Response:
        """With the JSON Schema of its config."""
        return Response(MethodSerializer(get_object_or_404(Method, pk=name)).data)


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
        """Train a method on a dataset, score its test videos, evaluate."""
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

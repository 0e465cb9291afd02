"""Sweeps: many runs of one method submitted, shown and cancelled as one."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation import EVALUATOR_VERSION
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.requests import OrderedQuery, read_body, read_query
from webapp.api.requests_comparisons import LeaderboardQuery
from webapp.api.requests_sweeps import NewSweep, SweepQuery
from webapp.api.serializers_sweeps import (
    SweepDetailSerializer,
    SweepSerializer,
    SweepTableSerializer,
)
from webapp.api.views.lists import ListView
from webapp.results.protocols.choice import protocol_of
from webapp.results.studies.sweep_table import SweepCell, SweepRow, SweepTable
from webapp.runs import sweeps
from webapp.runs.models import Sweep

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
        sweep = _visible(request, sweep_id)
        table = SweepTable(sweep, protocol_of(wanted["protocol"], sweep.team))
        numbers = {
            "protocol": table.protocol,
            "metric": table.metric_name,
            "evaluator_version": EVALUATOR_VERSION,
            "over": table.over,
            "rows": [_row(row, table) for row in table.rows],
        }
        return Response(SweepSerializer(sweep).data | SweepTableSerializer(numbers).data)


class SweepCancel(APIView):
    @extend_schema(request=None, responses={202: SweepSerializer})
    def post(self, request: Request, sweep_id: str) -> Response:
        """Cancel all of its runs that have not ended. 409 where all have."""
        sweep = sweeps.cancel_sweep(sweep=_visible(request, sweep_id), by=caller(request))
        return _accepted(request, sweep)


def _submit(request: Request) -> Response:
    wanted = read_body(NewSweep, request)
    sweep = sweeps.submit_sweep(team=wanted["dataset"].team, **wanted, by=caller(request))
    return _accepted(request, sweep)


def _accepted(request: Request, sweep: Sweep) -> Response:
    headers = {"Location": reverse("api:sweep", args=[sweep.pk])}
    data = SweepSerializer(_visible(request, sweep.pk)).data
    return Response(data, status=status.HTTP_202_ACCEPTED, headers=headers)


def _visible(request: Request, sweep_id: str) -> Any:
    visible = Sweep.objects.visible_to(request.user)
    return get_object_or_404(visible.for_list().with_counts(), pk=sweep_id)


def _row(row: SweepRow, table: SweepTable) -> dict[str, Any]:
    config = row.runs[0].config
    return {
        "row": row.number,
        "title": row.title,
        "config": {name: config.get(name) for name in table.fields},
        "run_ids": [run.pk for run in row.runs],
        "is_complete": row.is_complete,
        "numbers": [_number(name, cell) for name, cell in row.cells.items()],
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

"""Folds of the cross-validation that a run is part of."""

from typing import Any

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation import EVALUATOR_VERSION
from webapp.api.serializers_folds import FoldsSerializer
from webapp.api.views.runs import visible_run
from webapp.results.models import Protocol
from webapp.results.studies.fold_table import FoldTable


class Folds(APIView):
    @extend_schema(operation_id="runs_folds", responses=FoldsSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """Pooled and averaged over the folds of its configuration. 404 for a run without folds."""
        folds = FoldTable.of(visible_run(request, run_id))
        if folds is None:
            raise Http404
        protocols = Protocol.objects.filter(pk__in=list(folds.evaluations))
        answer = {
            "split_name": folds.run.split.name,
            "split_version": folds.run.split.version,
            "folds": folds.folds,
            "refusal": folds.refusal,
            "evaluator_version": EVALUATOR_VERSION,
            "results": [_numbers(folds, protocol) for protocol in protocols],
        }
        return Response(FoldsSerializer(answer).data)


def _numbers(folds: FoldTable, protocol: Protocol) -> dict[str, Any]:
    pooled = folds.pooled.get(protocol.pk)
    averaged = {row.name: row.averaged for row in folds.rows(protocol) if row.averaged}
    return {
        "protocol": protocol,
        "pooled": pooled.metrics if pooled else None,
        "intervals": pooled.intervals if pooled else {},
        "mean": {name: each.mean for name, each in averaged.items()},
        "deviation": {name: each.deviation for name, each in averaged.items()},
        "n": {name: each.n for name, each in averaged.items()},
    }

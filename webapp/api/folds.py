"""The folds of a cross-validation over REST."""

from typing import Any

from django.http import Http404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation import EVALUATOR_VERSION
from webapp.api.evaluations import ShortcutSerializer
from webapp.api.fields import NumbersField, ObjectField
from webapp.api.protocols import ProtocolSerializer
from webapp.api.runs import visible_run
from webapp.results.figures.fold_charts import mean_roc
from webapp.results.models import Protocol
from webapp.results.scores.pooling import Fold
from webapp.results.scores.shortcuts import shortcut_of
from webapp.results.studies.fold_table import FoldTable


class FoldSerializer(serializers.Serializer[Fold]):
    fold = serializers.IntegerField(source="number")
    split_id = serializers.CharField(source="split.pk")
    run_id = serializers.CharField(source="run.pk", allow_null=True, default=None)
    run_url = serializers.SerializerMethodField()
    selected_on_test = serializers.BooleanField(
        source="run.is_selected_on_test", allow_null=True, default=None
    )

    def get_run_url(self, fold: Fold) -> str | None:
        """Null where no run on this fold is scored."""
        return reverse("api:run", args=[fold.run.pk]) if fold.run else None


class FoldNumbersSerializer(serializers.Serializer[Any]):
    protocol = ProtocolSerializer()
    pooled = NumbersField(
        allow_null=True, help_text="Of the scores of all folds together; null where `refusal` is."
    )
    intervals = ObjectField(help_text="95 % intervals of the pooled numbers, [lower, upper].")
    mean = NumbersField(help_text="Over the folds that have the number.")
    deviation = NumbersField(help_text="Standard deviation over them, null for one alone.")
    n = NumbersField(help_text="How many folds have it.")
    roc = ObjectField(
        help_text="Curves {fpr, tpr}: `pooled`, and `mean`, of the folds' true positive rates at "
        "equal false positive rates. Empty where undefined."
    )


class FoldsSerializer(serializers.Serializer[Any]):
    split_name = serializers.CharField()
    split_version = serializers.IntegerField()
    folds = FoldSerializer(many=True)
    refusal = serializers.CharField(
        allow_blank=True, help_text="Why the scores cannot be pooled; empty where they can."
    )
    evaluator_version = serializers.IntegerField()
    shortcut = ShortcutSerializer(allow_null=True)
    results = FoldNumbersSerializer(many=True)


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
            "shortcut": shortcut_of(folds.run),
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
        "roc": {
            "pooled": pooled.roc if pooled else {},
            "mean": mean_roc([each.roc for each in folds.evaluations[protocol.pk].values()]),
        },
    }

"""What the API shows of runs that belong together."""

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from webapp.api.serializers import NumbersField, ObjectField, ProtocolSerializer
from webapp.results.scores.pooling import Fold


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


class FoldsSerializer(serializers.Serializer[Any]):
    split_name = serializers.CharField()
    split_version = serializers.IntegerField()
    folds = FoldSerializer(many=True)
    refusal = serializers.CharField(
        allow_blank=True, help_text="Why the scores cannot be pooled; empty where they can."
    )
    evaluator_version = serializers.IntegerField()
    results = FoldNumbersSerializer(many=True)

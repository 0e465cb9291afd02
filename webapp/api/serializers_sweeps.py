"""What the API shows of sweeps."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from webapp.api.serializers import ObjectField, PersonSerializer, ProtocolSerializer
from webapp.api.serializers_comparisons import IntervalField, PairedSerializer
from webapp.runs.models import Sweep


class VariantSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(allow_blank=True)
    config = ObjectField()


class SweepSerializer(serializers.ModelSerializer[Sweep]):
    method = serializers.CharField(source="method_id")
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
            "id", "title", "dataset_id", "split_id", "method", "config", "grid", "variants",
            "seeds", "folds", "created_by", "created_at", "n_runs", "n_scored", "n_going_on",
            "n_failed", "url", "runs_url", "cancel_url",
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
    is_complete = serializers.BooleanField(help_text="All of its runs are scored.")
    numbers = SweepNumberSerializer(many=True)


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

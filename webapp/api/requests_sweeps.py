"""What the API takes about sweeps."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from webapp.api.requests import Known, OrderedQuery, RunOfSplit
from webapp.jobs.models import Job
from webapp.runs.grid import MAX_RUNS
from webapp.runs.models import LARGEST_SEED, Method, Run
from webapp.runs.sweeps import LONGEST_TITLE


class NewVariant(Known):
    title = serializers.CharField(max_length=LONGEST_TITLE, default="", allow_blank=True)
    config = serializers.DictField(default=dict, help_text="The fields that differ.")

    def to_internal_value(self, data: Any) -> Any:
        self.initial_data = data  # which a nested one is not given, and `Known` asks for
        return super().to_internal_value(data)


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
    selection = serializers.ChoiceField(
        choices=list(Run.HONEST_SELECTIONS), default=Run.Selection.LAST
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

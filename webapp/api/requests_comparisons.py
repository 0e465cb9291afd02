"""What the API takes about comparisons and leaderboards."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request

from webapp.api.requests import Known
from webapp.results.protocols.presets import RAW
from webapp.results.studies.comparison import MAX_RUNS


class LeaderboardQuery(Known):
    protocol = serializers.CharField(
        default=RAW.slug, max_length=60, help_text="Its slug; the newest version is taken."
    )


class ComparisonQuery(LeaderboardQuery):
    run = serializers.ListField(
        child=serializers.CharField(max_length=36),
        min_length=1,
        max_length=MAX_RUNS,
        help_text="Once for each run; the others are measured by the first.",
    )
    annotation_set = serializers.CharField(
        required=False,
        max_length=36,
        help_text="Evaluate all against this ground truth; else each against its own.",
    )


def read_comparison(request: Request) -> ComparisonQuery:
    """The checked query. A run named twice counts once."""
    query = request.query_params
    runs = list(dict.fromkeys(query.getlist("run")))
    form = ComparisonQuery(data=query.dict() | {"run": runs})
    form.is_valid(raise_exception=True)
    return form

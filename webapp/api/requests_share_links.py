"""What the API takes to share something."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from webapp.api.requests import Known
from webapp.results.scores.reading import MAX_LISTED_RUNS
from webapp.sharing.models import ShareLink
from webapp.sharing.services import DEFAULT_DAYS, LIVES_IN_DAYS, MAX_NOTE_LENGTH

MAX_FRAME = 2**31 - 1
# Beside `kind`, which of the fields each kind needs and which it may have.
NEEDED = {
    ShareLink.Kind.RUN: ("runs",),
    ShareLink.Kind.COMPARISON: ("runs",),
    ShareLink.Kind.LEADERBOARD: ("dataset",),
    ShareLink.Kind.MOMENT: ("video", "runs"),
}
POSSIBLE = {
    ShareLink.Kind.RUN: (),
    ShareLink.Kind.COMPARISON: ("protocol", "truth", "video"),
    ShareLink.Kind.LEADERBOARD: ("protocol",),
    ShareLink.Kind.MOMENT: ("frame", "window", "threshold"),
}
TARGET = sorted({name for kind in NEEDED for name in NEEDED[kind] + POSSIBLE[kind]})


class NewShareLink(Known):
    kind = serializers.ChoiceField(choices=ShareLink.Kind.choices)
    runs = serializers.ListField(
        child=serializers.CharField(max_length=36),
        max_length=MAX_LISTED_RUNS,
        required=False,
        help_text="One for a run; those of a comparison, the first being what the others are "
        "measured by; those whose curves a moment shows.",
    )
    dataset = serializers.CharField(max_length=36, required=False, help_text="Of a leaderboard.")
    protocol = serializers.CharField(
        max_length=60,
        required=False,
        help_text="Slug, for a comparison or a leaderboard; the default one when left out. The "
        "link keeps its newest version of now.",
    )
    truth = serializers.CharField(
        max_length=36, required=False, help_text="Annotation set for all runs of a comparison."
    )
    video = serializers.CharField(
        max_length=36,
        required=False,
        help_text="Of a moment; or that over which a comparison draws score curves.",
    )
    frame = serializers.IntegerField(
        min_value=0, max_value=MAX_FRAME, required=False, help_text="From 0."
    )
    window = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=MAX_FRAME),
        min_length=2,
        max_length=2,
        required=False,
        help_text="First frame and end frame (exclusive) of the part in view.",
    )
    threshold = serializers.FloatField(required=False)
    includes_video = serializers.BooleanField(
        default=False, help_text="A moment's picture too, not only its curves and events."
    )
    expires_in_days = serializers.ChoiceField(
        choices=LIVES_IN_DAYS,
        default=DEFAULT_DAYS,
        allow_null=True,
        help_text="null: it lives until it is revoked.",
    )
    note = serializers.CharField(
        max_length=MAX_NOTE_LENGTH, default="", allow_blank=True, help_text="For the team alone."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        kind = attrs["kind"]
        faults = {name: f"a {kind} needs it" for name in NEEDED[kind] if name not in attrs}
        for name in set(TARGET) & set(attrs) - {*NEEDED[kind], *POSSIBLE[kind]}:
            faults[name] = f"a {kind} has none"
        if faults:
            raise serializers.ValidationError(faults)
        return attrs

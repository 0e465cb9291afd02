"""Share links over REST. The secret is shown once, to whoever made it."""

from __future__ import annotations

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
from webapp.api.authentication import caller
from webapp.api.fields import ObjectField
from webapp.api.lists import ListView
from webapp.api.requests import Known, OrderedQuery, read_body
from webapp.results.scores.reading import MAX_LISTED_RUNS
from webapp.sharing.models import ShareLink
from webapp.sharing.services import (
    DEFAULT_DAYS,
    LIVES_IN_DAYS,
    MAX_NOTE_LENGTH,
    create_link,
    revoke_link,
)

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


class ShareLinkSerializer(serializers.ModelSerializer[ShareLink]):
    target = ObjectField(help_text="Ids of what it shows; `protocol` is one version of it.")
    created_by = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = ShareLink
        fields = [
            "id", "team_id", "kind", "title", "target", "includes_video", "note", "created_by",
            "created_at", "expires_at", "revoked_at", "n_views", "last_viewed_at", "url",
        ]  # fmt: skip

    @extend_schema_field({"type": ["string", "null"]})
    def get_created_by(self, link: ShareLink) -> str | None:
        return link.created_by.name if link.created_by else None

    def get_url(self, link: ShareLink) -> str:
        return reverse("api:share_link", args=[link.pk])


class ShareLinkWithAddressSerializer(ShareLinkSerializer):
    address = serializers.CharField(
        allow_null=True,
        help_text="What to send. Shown once: only the hash of its secret is stored, so that it "
        "is null where the answer is repeated for an Idempotency-Key.",
    )

    class Meta(ShareLinkSerializer.Meta):
        fields = [*ShareLinkSerializer.Meta.fields, "address"]


class ShareLinks(ListView[ShareLink]):
    serializer_class = ShareLinkSerializer
    query_form = OrderedQuery

    def get_queryset(self) -> QuerySet[ShareLink]:
        links = ShareLink.objects.visible_to(self.request.user).select_related("created_by")
        ordered: QuerySet[ShareLink] = links.order_by(OrderedQuery.ORDERS[self.wanted["order"]])
        return ordered

    @extend_schema(parameters=[OrderedQuery])
    def get(self, request: Request) -> Response:
        """Revoked and expired ones too."""
        return self.list(request)

    @extend_schema(
        request=NewShareLink,
        responses={201: ShareLinkWithAddressSerializer},
        parameters=[idempotency.PARAMETER],
    )
    def post(self, request: Request) -> Response:
        """Share a run, a comparison, a leaderboard or a moment of a video. A token needs
        scope manage."""
        addresses: list[str] = []
        response = idempotency.answer_once(request, partial(_create, request, addresses))
        if addresses:  # put in last, so that the answer that is kept for repeats is without it
            response.data |= {"address": addresses[0]}
        return response


def _create(request: Request, addresses: list[str]) -> Response:
    wanted = read_body(NewShareLink, request)
    link, address = create_link(
        kind=wanted["kind"],
        ids={name: wanted[name] for name in TARGET if name in wanted},
        includes_video=wanted["includes_video"],
        days=wanted["expires_in_days"],
        note=wanted["note"],
        by=caller(request),
    )
    addresses.append(address)
    answer = ShareLinkSerializer(link).data | {"address": None}
    return Response(answer, status=status.HTTP_201_CREATED)


class ShareLinkDetail(APIView):
    @extend_schema(responses=ShareLinkSerializer)
    def get(self, request: Request, link_id: str) -> Response:
        """How often it was viewed, and whether it still works. Never its secret."""
        return Response(ShareLinkSerializer(_link(request, link_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, link_id: str) -> Response:
        """Revoke it, for good."""
        revoke_link(link=_link(request, link_id), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _link(request: Request, link_id: str) -> ShareLink:
    links = ShareLink.objects.visible_to(request.user).select_related("team", "created_by")
    return get_object_or_404(links, pk=link_id)

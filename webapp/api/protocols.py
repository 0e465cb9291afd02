"""Protocols over REST."""

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation import Settings
from webapp.accounts.teams import current_team
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.fields import ObjectField
from webapp.api.requests import Known, read_body, read_query
from webapp.results.models import Protocol
from webapp.results.protocols.choice import offered_protocols, protocol_of
from webapp.results.protocols.team import create_protocol, in_words


class ProtocolSerializer(serializers.ModelSerializer[Protocol]):
    settings = ObjectField()

    class Meta:
        model = Protocol
        fields = ["slug", "version", "title", "description", "settings"]


class ListedProtocolSerializer(ProtocolSerializer):
    is_preset = serializers.SerializerMethodField(help_text="Every team has it.")
    in_words = serializers.SerializerMethodField(help_text="The settings, a sentence each.")

    class Meta(ProtocolSerializer.Meta):
        fields = [*ProtocolSerializer.Meta.fields, "is_preset", "in_words", "created_at"]

    def get_is_preset(self, protocol: Protocol) -> bool:
        return protocol.team_id is None

    def get_in_words(self, protocol: Protocol) -> list[str]:
        return in_words(Settings.from_json(protocol.settings))


class ProtocolsSerializer(serializers.Serializer[Any]):
    results = ListedProtocolSerializer(many=True)


class NewProtocol(Known):
    title = serializers.CharField(max_length=160)
    description = serializers.CharField(max_length=2_000, default="", allow_blank=True)
    settings = serializers.DictField(
        help_text="Fields that differ from the defaults, as `GET /protocols` shows them."
    )
    version_of = serializers.CharField(
        max_length=60,
        default="",
        allow_blank=True,
        help_text="Slug of the team's protocol that this is the next version of.",
    )


class NamedProtocol(Known):
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="The newest when left out."
    )


class Protocols(APIView):
    @extend_schema(operation_id="protocols_list", responses=ProtocolsSerializer)
    def get(self, request: Request) -> Response:
        """The presets, then the newest version of each of the team's own."""
        found = offered_protocols(current_team(request._request))
        return Response(ProtocolsSerializer({"results": found}).data)

    @extend_schema(
        request=NewProtocol,
        responses={201: ListedProtocolSerializer},
        parameters=[idempotency.PARAMETER],
    )
    def post(self, request: Request) -> Response:
        """A new protocol, or a new version of one; what exists never changes."""
        return idempotency.answer_once(request, partial(_create, request))


def _create(request: Request) -> Response:
    wanted = read_body(NewProtocol, request)
    protocol = create_protocol(team=current_team(request._request), **wanted, by=caller(request))
    return Response(ListedProtocolSerializer(protocol).data, status=status.HTTP_201_CREATED)


class ProtocolDetail(APIView):
    @extend_schema(responses=ListedProtocolSerializer, parameters=[NamedProtocol])
    def get(self, request: Request, slug: str) -> Response:
        """The newest version, or the one that is asked for."""
        wanted = read_query(NamedProtocol, request)
        found = protocol_of(slug, current_team(request._request), wanted.get("version"))
        return Response(ListedProtocolSerializer(found).data)

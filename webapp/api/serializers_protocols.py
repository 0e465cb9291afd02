"""Answers about protocols."""

from typing import Any

from rest_framework import serializers

from ml.evaluation import Settings
from webapp.api.serializers import ProtocolSerializer
from webapp.results.models import Protocol
from webapp.results.protocols.team import in_words


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

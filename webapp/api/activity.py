"""The activity of a team over REST: who did what, and when."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.accounts.permissions import teams_of
from webapp.api.fields import ObjectField
from webapp.api.lists import ListView
from webapp.api.requests import OrderedQuery
from webapp.audit.models import KINDS, AuditEvent


class ActivityQuery(OrderedQuery):
    kind = serializers.ChoiceField(
        choices=list(KINDS), required=False, help_text="Of what was changed."
    )
    person = serializers.CharField(max_length=36, required=False, help_text="Id of who did it.")
    subject = serializers.CharField(
        max_length=36, required=False, help_text="Id of one thing, which may be no more."
    )


class ActorSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(
        source="user_id", allow_null=True, help_text="null once the account is gone."
    )
    name = serializers.CharField(
        source="user_name", help_text="As it was then; empty where the site did it itself."
    )
    token_name = serializers.CharField(help_text="Empty where it was done on the site.")


class AuditEventSerializer(serializers.ModelSerializer[AuditEvent]):
    act = serializers.ChoiceField(choices=AuditEvent.Act.choices)
    kind = serializers.ChoiceField(choices=list(KINDS))
    by = ActorSerializer(source="*")
    details = ObjectField()

    class Meta:
        model = AuditEvent
        fields = [
            "id", "team_id", "at", "by", "act", "kind", "subject_id", "subject_name", "details",
        ]  # fmt: skip


class Activity(ListView[AuditEvent]):
    serializer_class = AuditEventSerializer
    query_form = ActivityQuery

    def get_queryset(self) -> QuerySet[AuditEvent]:
        wanted = self.wanted
        events = AuditEvent.objects.in_teams(teams_of(self.request.user))
        if "kind" in wanted:
            events = events.of_kind(wanted["kind"])
        if "person" in wanted:
            events = events.filter(user_id=wanted["person"])
        if "subject" in wanted:
            events = events.filter(subject_id=wanted["subject"])
        return events.order_by(OrderedQuery.ORDERS[wanted["order"]])

    @extend_schema(parameters=[ActivityQuery])
    def get(self, request: Request) -> Response:
        """Every change that somebody made in your teams, with the names of then."""
        return self.list(request)

"""Weights that were trained elsewhere, over REST."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.permissions import Permission, require
from webapp.accounts.teams import current_team
from webapp.api import idempotency
from webapp.api.accounts import PersonSerializer
from webapp.api.authentication import caller
from webapp.api.fields import ObjectField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.lists import ListView
from webapp.api.parsers import FileParser, sent_file
from webapp.api.requests import Known, OrderedQuery, read_query
from webapp.api.uploads import SENT_FILE
from webapp.deleting.services import delete_weights
from webapp.runs import published
from webapp.runs.models import Method, Run, Weights


class NewWeightsQuery(Known):
    name = serializers.CharField(
        max_length=published.MAX_NAME_LENGTH,
        default="",
        allow_blank=True,
        help_text="That of the file when left out.",
    )
    file = serializers.CharField(
        max_length=200,
        help_text="Name of the file; its ending says how it is read: safetensors, else torch's.",
    )
    method = serializers.PrimaryKeyRelatedField(
        queryset=Method.objects.all(),
        required=False,
        help_text="Refuse weights of another one; left out, the file tells.",
    )
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=published.MAX_SOURCE_LENGTH,
        default="",
        allow_blank=True,
        help_text="Paper or code.",
    )
    selection = serializers.ChoiceField(
        choices=Run.Selection.choices,
        default=Run.Selection.UNKNOWN,
        help_text="How the checkpoint was chosen.",
    )


class WeightsSerializer(serializers.ModelSerializer[Weights]):
    state = serializers.CharField(help_text="reading, failed or ready.")
    reason = serializers.CharField(help_text="Why it could not be read, in a sentence; or empty.")
    method = serializers.CharField(
        source="method_id", allow_null=True, help_text="Null until the file has been read."
    )
    config = ObjectField(help_text="Of the method, as a run that they score has it.")
    notes = serializers.ListField(
        child=serializers.CharField(), help_text="Sentences about what was left out, and why."
    )
    created_by = PersonSerializer(allow_null=True)
    url = serializers.SerializerMethodField()
    job_url = serializers.SerializerMethodField()

    class Meta:
        model = Weights
        fields = [
            "id", "name", "state", "reason", "file_name", "sha256", "n_bytes", "method", "layout",
            "config", "notes", "source", "selection", "created_by", "created_at", "url", "job_url",
        ]  # fmt: skip

    def get_url(self, weights: Weights) -> str:
        return reverse("api:weights", args=[weights.pk])

    def get_job_url(self, weights: Weights) -> str | None:
        return reverse("api:job", args=[weights.job_id]) if weights.job_id else None


class AllWeights(ListView[Weights]):
    serializer_class = WeightsSerializer
    query_form = OrderedQuery
    parser_classes = [FileParser]

    def get_queryset(self) -> QuerySet[Weights]:
        visible = Weights.objects.visible_to(self.request.user)
        known = visible.select_related("job", "created_by")
        return known.order_by(OrderedQuery.ORDERS[self.wanted["order"]])

    @extend_schema(operation_id="weights_list", parameters=[OrderedQuery])
    def get(self, request: Request) -> Response:
        """What can be scored with, or learnt on from, without having been trained here."""
        return self.list(request)

    @extend_schema(
        operation_id="weights_create",
        request=SENT_FILE,
        responses={202: JobSerializer},
        parameters=[NewWeightsQuery, idempotency.PARAMETER],
    )
    def post(self, request: Request) -> Response:
        """Bring a file of weights; a job reads it and makes a checkpoint of our method of it."""
        require(caller(request), Permission.RUN_SUBMIT, team=current_team(request._request))
        return idempotency.answer_once(request, partial(_bring, request))


def _bring(request: Request) -> Response:
    wanted: dict[str, Any] = read_query(NewWeightsQuery, request)
    weights = published.bring_weights(
        team=current_team(request._request), file_name=wanted.pop("file"),
        data=sent_file(request), **wanted, by=caller(request),
    )  # fmt: skip
    assert weights.job is not None, "bringing begins with a job"
    return accepted(weights.job)


class WeightsDetail(APIView):
    @extend_schema(operation_id="weights_retrieve", responses=WeightsSerializer)
    def get(self, request: Request, weights_id: str) -> Response:
        """What the file was found to hold."""
        return Response(WeightsSerializer(visible_weights(request, weights_id)).data)

    @extend_schema(operation_id="weights_destroy", responses={204: None})
    def delete(self, request: Request, weights_id: str) -> Response:
        """With the checkpoint made of them. 409 and the reasons where they are held. A token needs
        scope manage; members delete what they brought themselves."""
        delete_weights(weights=visible_weights(request, weights_id), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def visible_weights(request: Request, weights_id: str) -> Weights:
    visible = Weights.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("team", "job", "created_by"), pk=weights_id)

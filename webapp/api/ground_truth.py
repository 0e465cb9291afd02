"""Ground truth: its versions, and files that are read, laid against the videos and accepted."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.permissions import Permission, require
from webapp.accounts.teams import current_team
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.datasets import AnnotationSetSerializer
from webapp.api.fields import ObjectField
from webapp.api.jobs import POLL_SECONDS, JobSerializer, accepted
from webapp.api.lists import ListView
from webapp.api.parsers import FileParser, sent_file
from webapp.api.requests import Known, OrderedQuery, read_body, read_query
from webapp.datasets.annotation_imports import (
    Given,
    accept_annotation_import,
    needed_repairs,
    start_annotation_import,
)
from webapp.datasets.listing import MAX_FPS, create_listed_dataset
from webapp.datasets.models import AnnotationImport, AnnotationSet, Dataset, Interval
from webapp.datasets.services import labels_in

FILE = {"application/octet-stream": OpenApiTypes.BINARY}
OPTIONS = ("format", "base", "end", "rate", "split")


class GroundTruthQuery(Known):
    """How to read the file that is the body, or the one at `path` on the server."""

    name = serializers.CharField(max_length=200, default="ground truth", help_text="Of the file.")
    path = serializers.CharField(
        max_length=1000, default="", help_text="Below one of the server's data roots; no body then."
    )
    format = serializers.CharField(
        max_length=60, required=False, help_text="Detected by content when left out."
    )
    base = serializers.ChoiceField(choices=[0, 1], required=False)
    end = serializers.ChoiceField(choices=["inclusive", "exclusive"], required=False)
    rate = serializers.FloatField(
        min_value=0.001, max_value=MAX_FPS, required=False, help_text="Frames per second."
    )
    split = serializers.CharField(
        max_length=36,
        required=False,
        help_text="Whose test videos, in their order, a file without names goes through.",
    )

    def given(self, data: bytes) -> Given:
        values = self.validated_data
        options = {name: values[name] for name in OPTIONS if name in values}
        return Given(name=values["name"], data=data, path=values["path"], options=options)


class Acceptance(Known):
    repairs = serializers.ListField(
        child=serializers.CharField(max_length=60),
        default=list,
        help_text="Codes of `needed_repairs`. All of them must be accepted.",
    )


class NewListedDataset(Known):
    name = serializers.CharField(max_length=120)
    list_name = serializers.CharField(max_length=200, default="videos")
    fps = serializers.FloatField(min_value=0.001, max_value=MAX_FPS)
    description = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    normal_labels = serializers.CharField(
        max_length=5_000,
        default="",
        allow_blank=True,
        help_text="Labels that are normal here, separated by commas.",
    )


class DraftSerializer(serializers.ModelSerializer[AnnotationImport]):
    state = serializers.ChoiceField(
        choices=[("reading", "reading"), ("failed", "failed"), ("draft", "draft"),
                 ("accepted", "accepted")],
    )  # fmt: skip
    reason = serializers.SerializerMethodField()
    options = ObjectField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = AnnotationImport
        fields = [
            "id", "dataset_id", "name", "path", "sha256", "options", "state", "reason", "job_id",
            "annotation_set_id", "created_at", "url",
        ]  # fmt: skip

    def get_reason(self, draft: AnnotationImport) -> str:
        """Why it could not be read."""
        return draft.job.reason if draft.job else ""

    def get_url(self, draft: AnnotationImport) -> str:
        return reverse("api:annotation_import", args=[draft.pk])


class DraftDetailSerializer(DraftSerializer):
    alignment = ObjectField(help_text="What the file says of each video, and what would be stored.")
    needed_repairs = serializers.SerializerMethodField()

    class Meta(DraftSerializer.Meta):
        fields = [*DraftSerializer.Meta.fields, "needed_repairs", "alignment"]

    def get_needed_repairs(self, draft: AnnotationImport) -> dict[str, str]:
        """Sentences by code."""
        if not draft.alignment:
            return {}
        return {code: each["text"] for code, each in needed_repairs(draft.alignment).items()}


class AnnotatedVideoSerializer(serializers.ModelSerializer[Interval]):
    name = serializers.CharField(source="video.name")

    class Meta:
        model = Interval
        fields = ["video_id", "name", "start_frame", "end_frame", "label"]


class AnnotationSetDetailSerializer(AnnotationSetSerializer):
    provenance = ObjectField(help_text="Of an accepted file: what it was and how it was repaired.")
    intervals = AnnotatedVideoSerializer(many=True)

    class Meta(AnnotationSetSerializer.Meta):
        fields = [*AnnotationSetSerializer.Meta.fields, "dataset_id", "provenance", "intervals"]


class AnnotationImports(ListView[AnnotationImport]):
    serializer_class = DraftSerializer
    query_form = OrderedQuery
    parser_classes = [FileParser]

    def get_queryset(self) -> QuerySet[AnnotationImport]:
        dataset = _dataset(self.request, self.kwargs["dataset_id"])
        drafts = dataset.annotation_imports.select_related("job")
        return drafts.order_by(OrderedQuery.ORDERS[self.wanted["order"]])

    @extend_schema(parameters=[OrderedQuery])
    def get(self, request: Request, dataset_id: str) -> Response:
        """Files that were brought as ground truth."""
        return self.list(request)

    @extend_schema(
        request=FILE,
        responses={202: DraftSerializer},
        parameters=[GroundTruthQuery, idempotency.PARAMETER],
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Read a file and lay it against the videos. Nothing counts before it is accepted."""
        dataset = _dataset(request, dataset_id)
        require(caller(request), Permission.DATASET_IMPORT, team=dataset.team)
        return idempotency.answer_once(request, partial(_start, request, dataset))


def _start(request: Request, dataset: Dataset) -> Response:
    query = GroundTruthQuery(data=request.query_params.dict(), context={"request": request})
    query.is_valid(raise_exception=True)
    draft = start_annotation_import(
        dataset=dataset, given=query.given(sent_file(request)), by=caller(request)
    )
    headers = {
        "Location": reverse("api:annotation_import", args=[draft.pk]),
        "Retry-After": POLL_SECONDS,
    }
    answer = DraftSerializer(draft).data
    return Response(answer, status=status.HTTP_202_ACCEPTED, headers=headers)


class AnnotationImportDetail(APIView):
    @extend_schema(responses=DraftDetailSerializer)
    def get(self, request: Request, draft_id: str) -> Response:
        """With the alignment once the file is read."""
        return Response(DraftDetailSerializer(_draft(request, draft_id)).data)


class AnnotationImportAccept(APIView):
    @extend_schema(request=Acceptance, responses={201: AnnotationSetDetailSerializer})
    def post(self, request: Request, draft_id: str) -> Response:
        """Store it with these repairs as the next version of the ground truth."""
        draft = _draft(request, draft_id)
        require(caller(request), Permission.DATASET_IMPORT, team=draft.dataset.team)
        wanted = read_body(Acceptance, request)
        stored = accept_annotation_import(
            draft=draft, repairs=wanted["repairs"], by=caller(request)
        )
        return Response(AnnotationSetDetailSerializer(stored).data, status=status.HTTP_201_CREATED)


class AnnotationSetDetail(APIView):
    @extend_schema(responses=AnnotationSetDetailSerializer)
    def get(self, request: Request, annotation_set_id: str) -> Response:
        """A version with all its intervals: frames from 0 on, the end is the first normal one."""
        rows = Interval.objects.select_related("video").defer("video__pts_seconds")
        sets = AnnotationSet.objects.visible_to(request.user)
        joined = sets.prefetch_related(Prefetch("intervals", rows.order_by("video__name", "pk")))
        found = get_object_or_404(joined, pk=annotation_set_id)
        return Response(AnnotationSetDetailSerializer(found).data)


class ListedDatasets(APIView):
    parser_classes = [FileParser]

    @extend_schema(
        request=FILE,
        responses={202: JobSerializer},
        parameters=[NewListedDataset, idempotency.PARAMETER],
    )
    def post(self, request: Request) -> Response:
        """Register videos that are not here by a list of their names and frame counts."""
        team = current_team(request._request)
        require(caller(request), Permission.DATASET_IMPORT, team=team)
        return idempotency.answer_once(request, partial(_list, request))


def _list(request: Request) -> Response:
    wanted: dict[str, Any] = read_query(NewListedDataset, request)
    wanted["normal_labels"] = labels_in(wanted["normal_labels"])
    dataset = create_listed_dataset(
        team=current_team(request._request), data=sent_file(request), **wanted, by=caller(request)
    )
    assert dataset.import_job is not None  # create_listed_dataset submits it
    return accepted(dataset.import_job)


def _dataset(request: Request, dataset_id: str) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)


def _draft(request: Request, draft_id: str) -> AnnotationImport:
    drafts = AnnotationImport.objects.visible_to(request.user)
    found: AnnotationImport = get_object_or_404(
        drafts.select_related("dataset__team", "job"), pk=draft_id
    )
    return found

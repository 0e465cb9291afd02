"""Searches for persons over REST."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.permissions import Permission, require
from webapp.api import idempotency
from webapp.api.accounts import PersonSerializer
from webapp.api.authentication import caller
from webapp.api.datasets import FindingSerializer
from webapp.api.fields import ObjectField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.lists import ListView
from webapp.api.requests import Known, OrderedQuery, PageQuery, read_body
from webapp.datasets import detection
from webapp.datasets.models import Dataset, DetectedVideo, Detection, Detector
from webapp.datasets.regions import MAX_NAME_LENGTH


class DetectorSerializer(serializers.ModelSerializer[Detector]):
    schema = ObjectField(help_text="JSON Schema of the options.")
    files = ObjectField(help_text="Files that it needs, by name, and which fit.")
    lacks = serializers.CharField(help_text="Why no worker can use it, in a sentence; or empty.")

    class Meta:
        model = Detector
        fields = [
            "name", "title", "summary", "source", "licence", "version", "files", "lacks", "schema",
            "published_at",
        ]  # fmt: skip


class NewDetection(Known):
    name = serializers.CharField(
        max_length=MAX_NAME_LENGTH, help_text="Of the set of regions that it ends as."
    )
    detector = serializers.PrimaryKeyRelatedField(queryset=Detector.objects.all())
    options = ObjectField(required=False, help_text="Of the detector; what is left out is default.")
    files = serializers.DictField(
        child=serializers.CharField(max_length=1000),
        required=False,
        help_text="Paths below a data root, by the names that the detector gives them.",
    )


class DetectionSerializer(serializers.ModelSerializer[Detection]):
    state = serializers.CharField(help_text="searching, failed or ready.")
    recipe = ObjectField(help_text="Detector, version, options and files.")
    facts = ObjectField(help_text="What the detector told of itself, with its licence.")
    findings = FindingSerializer(many=True)
    created_by = PersonSerializer(allow_null=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Detection
        fields = [
            "id", "dataset_id", "name", "state", "recipe", "facts", "findings", "job_id",
            "region_set_id", "created_by", "created_at", "url",
        ]  # fmt: skip

    def get_url(self, found: Detection) -> str:
        return reverse("api:detection", args=[found.pk])


class DetectedVideoSerializer(serializers.ModelSerializer[DetectedVideo]):
    video = serializers.CharField(source="video.name")
    n_regions = serializers.SerializerMethodField()

    class Meta:
        model = DetectedVideo
        fields = ["video_id", "video", "n_looked_at", "n_found", "n_tracks", "n_regions"]

    def get_n_regions(self, found: DetectedVideo) -> int:
        return len(found.pieces)


class DetectionDetailSerializer(DetectionSerializer):
    videos = DetectedVideoSerializer(many=True, help_text="Those that were looked at so far.")

    class Meta(DetectionSerializer.Meta):
        fields = [*DetectionSerializer.Meta.fields, "videos"]


class Detectors(ListView[Detector]):
    """Published by the workers; the same for all teams."""

    serializer_class = DetectorSerializer

    def get_queryset(self) -> QuerySet[Detector]:
        return Detector.objects.order_by("name")

    @extend_schema(parameters=[PageQuery])
    def get(self, request: Request) -> Response:
        """What can find persons here."""
        return self.list(request)


class DatasetDetections(ListView[Detection]):
    serializer_class = DetectionSerializer
    query_form = OrderedQuery

    def get_queryset(self) -> QuerySet[Detection]:
        searches = _dataset(self.request, self.kwargs["dataset_id"]).detections
        in_order = searches.order_by(OrderedQuery.ORDERS[self.wanted["order"]])
        return in_order.select_related("created_by", "job")

    @extend_schema(parameters=[OrderedQuery])
    def get(self, request: Request, dataset_id: str) -> Response:
        """Searches for persons, without what they found."""
        return self.list(request)

    @extend_schema(
        request=NewDetection, responses={202: JobSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Find persons in all videos: what is found becomes a set of regions. The answer's
        result_url is the search."""
        dataset = _dataset(request, dataset_id)
        require(caller(request), Permission.DATASET_IMPORT, team=dataset.team)
        return idempotency.answer_once(request, partial(_detect, request, dataset))


class DetectionDetail(APIView):
    @extend_schema(responses=DetectionDetailSerializer)
    def get(self, request: Request, detection_id: str) -> Response:
        """With what was found in each video, in numbers."""
        return Response(DetectionDetailSerializer(_detection(request, detection_id)).data)


class DetectionCancel(APIView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, detection_id: str) -> Response:
        """End the search; what was found so far stays. Where nothing goes on: 409."""
        found = _detection(request, detection_id)
        detection.cancel(detection=found, by=caller(request))
        found.refresh_from_db(fields=["job"])
        assert found.job is not None, "what can be cancelled has a job"
        return accepted(found.job)


class DetectionResume(APIView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, detection_id: str) -> Response:
        """Go on after a bad end. Where there was none: 409."""
        found = _detection(request, detection_id)
        return accepted(detection.resume(detection=found, by=caller(request)))


def _detect(request: Request, dataset: Dataset) -> Response:
    wanted: dict[str, Any] = read_body(NewDetection, request)
    found = detection.detect(dataset=dataset, **wanted, by=caller(request))
    assert found.job is not None, "it begins with its job"
    return accepted(found.job)


def _detection(request: Request, detection_id: str) -> Detection:
    visible = Detection.objects.visible_to(request.user)
    joined = visible.select_related("dataset__team", "job", "created_by")
    return get_object_or_404(joined.prefetch_related("videos__video"), pk=detection_id)


def _dataset(request: Request, dataset_id: str) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)

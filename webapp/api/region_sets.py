"""Regions of videos over REST."""

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
from webapp.api import idempotency
from webapp.api.accounts import PersonSerializer
from webapp.api.authentication import caller
from webapp.api.datasets import FindingSerializer
from webapp.api.fields import ObjectField
from webapp.api.lists import ListView
from webapp.api.requests import Known, OrderedQuery, VisibleField, read_body
from webapp.datasets.drawing import save_drawn
from webapp.datasets.models import Dataset, Region, RegionSet, Video
from webapp.datasets.regions import MAX_NAME_LENGTH, import_regions
from webapp.datasets.splits import GivenList


class NewRegionSet(Known):
    name = serializers.CharField(max_length=MAX_NAME_LENGTH)
    file = serializers.CharField(max_length=200, help_text="What the table was called.")
    text = serializers.CharField(
        trim_whitespace=False,
        help_text="The table: video, start_frame and end_frame or frame, x, y, width and height or "
        "x1, y1, x2 and y2, label.",
    )


class DrawnRegion(serializers.Serializer[Any]):
    """In pixels of the upright picture; all four null, or left out: the whole picture."""

    start_frame = serializers.IntegerField()
    end_frame = serializers.IntegerField(help_text="Not included.")
    left = serializers.IntegerField(default=None, allow_null=True)
    top = serializers.IntegerField(default=None, allow_null=True)
    width = serializers.IntegerField(default=None, allow_null=True)
    height = serializers.IntegerField(default=None, allow_null=True)
    label = serializers.CharField(default="", allow_blank=True)  # type: ignore[assignment]


class DrawnRegions(Known):
    name = serializers.CharField(max_length=MAX_NAME_LENGTH)
    base = VisibleField(
        queryset=RegionSet.objects.all(),
        default=None,
        allow_null=True,
        help_text="The set whose regions of other videos are kept: the newest of that name.",
    )
    regions = DrawnRegion(many=True, help_text="All that the video is to have.")


class RegionSetSerializer(serializers.ModelSerializer[RegionSet]):
    report = FindingSerializer(many=True, help_text="What was left out, and why.")
    provenance = ObjectField(help_text="Of what found them, with options and licence; or empty.")
    created_by = PersonSerializer(allow_null=True)
    n_regions = serializers.IntegerField()
    n_boxes = serializers.IntegerField(help_text="Regions with a box; the others are clips.")
    n_videos = serializers.IntegerField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = RegionSet
        fields = [
            "id", "dataset_id", "name", "version", "origin", "n_regions", "n_boxes", "n_videos",
            "report", "provenance", "created_by", "created_at", "url",
        ]  # fmt: skip

    def get_url(self, region_set: RegionSet) -> str:
        return reverse("api:region_set", args=[region_set.pk])


class RegionSerializer(serializers.ModelSerializer[Region]):
    video = serializers.CharField(source="video.name")

    class Meta:
        model = Region
        fields = [
            "video_id", "video", "start_frame", "end_frame", "left", "top", "width", "height",
            "label", "track",
        ]  # fmt: skip


class RegionSetDetailSerializer(RegionSetSerializer):
    regions = RegionSerializer(many=True)

    class Meta(RegionSetSerializer.Meta):
        fields = [*RegionSetSerializer.Meta.fields, "regions"]


class VideoRegions(APIView):
    @extend_schema(
        request=DrawnRegions,
        responses={201: RegionSetSerializer},
        parameters=[idempotency.PARAMETER],
    )
    def post(self, request: Request, video_id: str) -> Response:
        """Make the next version of a set, with these regions of a video. 409 where `base` is not
        the newest set of the name."""
        videos = Video.objects.visible_to(request.user).select_related("dataset__team")
        video = get_object_or_404(videos.without_times(), pk=video_id)
        require(caller(request), Permission.DATASET_IMPORT, team=video.dataset.team)
        return idempotency.answer_once(request, partial(_draw, request, video))


class DatasetRegionSets(ListView[RegionSet]):
    serializer_class = RegionSetSerializer
    query_form = OrderedQuery

    def get_queryset(self) -> QuerySet[RegionSet]:
        sets = _dataset(self.request, self.kwargs["dataset_id"]).region_sets.with_counts()
        in_order = sets.order_by(OrderedQuery.ORDERS[self.wanted["order"]])
        return in_order.select_related("created_by")

    @extend_schema(parameters=[OrderedQuery])
    def get(self, request: Request, dataset_id: str) -> Response:
        """Sets of boxes and clips, without these."""
        return self.list(request)

    @extend_schema(
        request=NewRegionSet,
        responses={201: RegionSetSerializer},
        parameters=[idempotency.PARAMETER],
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Take the regions of a table. What fits no video is told and left out."""
        dataset = _dataset(request, dataset_id)
        require(caller(request), Permission.DATASET_IMPORT, team=dataset.team)
        return idempotency.answer_once(request, partial(_import, request, dataset))


def _import(request: Request, dataset: Dataset) -> Response:
    wanted: dict[str, Any] = read_body(NewRegionSet, request)
    file = GivenList(name=wanted["file"], data=wanted["text"].encode())
    made = import_regions(dataset=dataset, name=wanted["name"], file=file, by=caller(request))
    return _created(made)


def _draw(request: Request, video: Video) -> Response:
    wanted = read_body(DrawnRegions, request)
    return _created(save_drawn(video=video, **wanted, by=caller(request)))


def _created(made: RegionSet) -> Response:
    counted = RegionSet.objects.with_counts().select_related("created_by").get(pk=made.pk)
    return Response(RegionSetSerializer(counted).data, status=status.HTTP_201_CREATED)


class RegionSetDetail(APIView):
    @extend_schema(responses=RegionSetDetailSerializer)
    def get(self, request: Request, region_set_id: str) -> Response:
        """With every region."""
        known = RegionSet.objects.visible_to(request.user).with_counts()
        joined = known.select_related("created_by").prefetch_related("regions__video")
        return Response(RegionSetDetailSerializer(get_object_or_404(joined, pk=region_set_id)).data)


def _dataset(request: Request, dataset_id: str) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)

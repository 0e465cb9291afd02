"""Datasets and their videos."""

from functools import partial
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.teams import current_team
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.requests import (
    ImportQuery,
    NewDataset,
    NormalLabels,
    OrderedQuery,
    VideoQuery,
    read_body,
    read_query,
)
from webapp.api.serializers import (
    DatasetDetailSerializer,
    DatasetSerializer,
    JobSerializer,
    VideoSerializer,
)
from webapp.api.views.answers import accepted
from webapp.api.views.lists import ListView
from webapp.datasets import services
from webapp.datasets.models import Dataset, Part, Video, add_times


class Datasets(ListView[Dataset]):
    serializer_class = DatasetSerializer
    query_form = OrderedQuery

    def get_queryset(self) -> QuerySet[Dataset]:
        datasets = Dataset.objects.visible_to(self.request.user).with_facts()
        return datasets.order_by(OrderedQuery.ORDERS[self.wanted["order"]])

    @extend_schema(parameters=[OrderedQuery])
    def get(self, request: Request) -> Response:
        return self.list(request)

    @extend_schema(
        request=NewDataset, responses={202: JobSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request) -> Response:
        """Register a server folder and import it."""
        return idempotency.answer_once(request, partial(_import, request))


def _import(request: Request) -> Response:
    wanted = read_body(NewDataset, request)
    dataset = services.create_dataset(
        team=current_team(request._request), **wanted, by=caller(request)
    )
    assert dataset.import_job is not None  # create_dataset submits it
    return accepted(dataset.import_job)


class DatasetDetail(APIView):
    @extend_schema(responses=DatasetDetailSerializer)
    def get(self, request: Request, dataset_id: str) -> Response:
        """With splits, ground truth and the import's report."""
        datasets = Dataset.objects.visible_to(request.user).with_facts()
        dataset = get_object_or_404(datasets, pk=dataset_id)
        dataset.counted_splits = dataset.splits.annotate(
            **{f"n_{part}": Count("members", Q(members__part=part)) for part in Part.values}
        )
        return Response(DatasetDetailSerializer(dataset).data)


class DatasetImport(APIView):
    @extend_schema(request=None, responses={202: JobSerializer}, parameters=[ImportQuery])
    def post(self, request: Request, dataset_id: str) -> Response:
        """Import the folder or the list once more. While an import goes on: 409."""
        datasets = Dataset.objects.visible_to(request.user).select_related("team")
        dataset = get_object_or_404(datasets, pk=dataset_id)
        wanted = read_query(ImportQuery, request)
        return accepted(services.import_again(dataset=dataset, by=caller(request), **wanted))


class DatasetNormalLabels(APIView):
    @extend_schema(request=NormalLabels, responses=NormalLabels)
    def put(self, request: Request, dataset_id: str) -> Response:
        """Say which labels are normal here, for whatever is read from now on."""
        datasets = Dataset.objects.visible_to(request.user).select_related("team")
        dataset = get_object_or_404(datasets, pk=dataset_id)
        labels = read_body(NormalLabels, request)["normal_labels"]
        services.set_normal_labels(dataset=dataset, labels=labels, by=caller(request))
        return Response({"normal_labels": dataset.normal_labels})


class DatasetVideos(ListView[Video]):
    serializer_class = VideoSerializer
    query_form = VideoQuery

    def get_queryset(self) -> QuerySet[Video]:
        datasets = Dataset.objects.visible_to(self.request.user)
        dataset = get_object_or_404(datasets, pk=self.kwargs["dataset_id"])
        videos = dataset.videos.current().without_times().order_by("name")
        chosen = {name: self.wanted[name] for name in ("status", "label") if name in self.wanted}
        return videos.filter(**chosen).with_ground_truth(dataset.ground_truth)

    @extend_schema(parameters=[VideoQuery])
    def get(self, request: Request, dataset_id: str) -> Response:
        """What the last import found, by name, with the newest ground truth."""
        return self.list(request)

    def paginate_queryset(self, queryset: Any) -> list[Any] | None:
        page = super().paginate_queryset(queryset)
        add_times(video for video in page or () if video.ground_truth)
        return page


class VideoDetail(APIView):
    @extend_schema(responses=VideoSerializer)
    def get(self, request: Request, video_id: str) -> Response:
        """With the newest ground truth, in frames and in seconds."""
        videos = Video.objects.visible_to(request.user).select_related("dataset")
        video = get_object_or_404(videos, pk=video_id)
        video.ground_truth = list(video.intervals.filter(annotation_set=video.dataset.ground_truth))
        return Response(VideoSerializer(video).data)

"""Datasets over REST."""

from functools import partial
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.teams import current_team
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.lists import ListView
from webapp.api.requests import Known, OrderedQuery, read_body, read_query
from webapp.datasets import services
from webapp.datasets.models import AnnotationSet, Dataset, FrameNumbers, Part, Split
from webapp.datasets.published import PRESETS, create_published_dataset
from webapp.datasets.services import MAX_LABELS
from webapp.datasets.survey import MAX_LABEL_LENGTH
from webapp.deleting.services import delete_dataset


def normal_labels_field(**options: Any) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=MAX_LABEL_LENGTH),
        max_length=MAX_LABELS,
        help_text="Labels that are normal here, beside those that say so in themselves.",
        **options,
    )


class NewDataset(Known):
    name = serializers.CharField(max_length=120)
    folder = serializers.CharField(
        max_length=1000, help_text="On the server, below one of its data roots."
    )
    description = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    normal_labels = normal_labels_field(default=list)


class NewPublishedDataset(NewDataset):
    benchmark = serializers.ChoiceField(choices=list(PRESETS))


class NormalLabels(Known):
    normal_labels = normal_labels_field()


class ImportQuery(Known):
    frame_numbers = serializers.ChoiceField(
        choices=FrameNumbers.choices,
        allow_blank=True,
        required=False,
        help_text="order: pictures of folders count as they lie, whatever numbers are in their "
        "names. Stays so until it is said otherwise.",
    )


class SplitSerializer(serializers.ModelSerializer[Split]):
    n_train = serializers.IntegerField()
    n_validation = serializers.IntegerField()
    n_test = serializers.IntegerField()

    class Meta:
        model = Split
        fields = ["id", "name", "version", "n_train", "n_validation", "n_test"]


class AnnotationSetSerializer(serializers.ModelSerializer[AnnotationSet]):
    class Meta:
        model = AnnotationSet
        fields = ["id", "version", "source", "content_hash", "created_at"]


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    is_listed = serializers.BooleanField(
        help_text="Its videos are not here, only names and counts."
    )
    is_importing = serializers.BooleanField()
    n_videos = serializers.IntegerField()
    n_rejected = serializers.IntegerField()
    n_frames = serializers.IntegerField()
    seconds = serializers.FloatField()

    class Meta:
        model = Dataset
        fields = [
            "id", "name", "description", "folder", "is_listed", "format", "frame_numbers",
            "normal_labels", "content_hash", "is_importing",
            "import_job_id", "n_videos", "n_rejected", "n_frames", "seconds", "created_at",
        ]  # fmt: skip


class FindingSerializer(serializers.Serializer[Any]):
    level = serializers.ChoiceField(choices=["error", "warning", "info"])
    subject = serializers.CharField(allow_blank=True)
    text = serializers.CharField()


class DatasetDetailSerializer(DatasetSerializer):
    classes = serializers.ListField(child=serializers.CharField())
    splits = SplitSerializer(many=True, source="counted_splits")
    ground_truth = AnnotationSetSerializer(allow_null=True)
    report = FindingSerializer(many=True, source="findings")
    videos_url = serializers.SerializerMethodField()

    class Meta(DatasetSerializer.Meta):
        fields = [
            *DatasetSerializer.Meta.fields,
            "classes", "splits", "ground_truth", "report", "videos_url",
        ]  # fmt: skip

    def get_videos_url(self, dataset: Dataset) -> str:
        return reverse("api:dataset_videos", args=[dataset.pk])


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


class PublishedDatasets(APIView):
    @extend_schema(
        request=NewPublishedDataset,
        responses={202: JobSerializer},
        parameters=[idempotency.PARAMETER],
    )
    def post(self, request: Request) -> Response:
        """Register a benchmark by a server folder of its published features, without videos."""
        return idempotency.answer_once(request, partial(_import_published, request))


def _import_published(request: Request) -> Response:
    wanted = read_body(NewPublishedDataset, request)
    dataset = create_published_dataset(
        team=current_team(request._request), **wanted, by=caller(request)
    )
    assert dataset.import_job is not None  # create_published_dataset submits it
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

    @extend_schema(responses={204: None})
    def delete(self, request: Request, dataset_id: str) -> Response:
        """With its splits, ground truth and feature sets; the videos stay where they are. 409
        and the reasons where it is held. A token needs scope manage."""
        datasets = Dataset.objects.visible_to(request.user).select_related("team")
        dataset = get_object_or_404(datasets, pk=dataset_id)
        delete_dataset(dataset=dataset, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


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

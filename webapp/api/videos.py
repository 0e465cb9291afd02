"""Videos of a dataset over REST."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.lists import ListView
from webapp.api.requests import PageQuery
from webapp.datasets.models import Dataset, Interval, Video, add_times
from webapp.datasets.seconds import Span, span_of


class VideoQuery(PageQuery):
    status = serializers.ChoiceField(choices=Video.Status.choices, required=False)
    label = serializers.CharField(max_length=80, required=False)  # type: ignore[assignment]


class IntervalSerializer(serializers.ModelSerializer[Interval]):
    start_seconds = serializers.SerializerMethodField(
        help_text="When its first frame is shown, on the file's own clock."
    )
    seconds = serializers.SerializerMethodField(help_text="How long it lasts.")

    class Meta:
        model = Interval
        fields = ["start_frame", "end_frame", "label", "start_seconds", "seconds"]

    def get_start_seconds(self, interval: Interval) -> float | None:
        return _span(interval).start_seconds

    def get_seconds(self, interval: Interval) -> float | None:
        return _span(interval).seconds


def _span(interval: Interval) -> Span:
    return span_of(interval.video.clock, interval.start_frame, interval.end_frame)


class VideoSerializer(serializers.ModelSerializer[Video]):
    intervals = IntervalSerializer(many=True, source="ground_truth")

    class Meta:
        model = Video
        fields = [
            "id", "dataset_id", "name", "kind", "status", "reason", "label", "part", "sha256",
            "n_bytes", "n_frames", "width", "height", "rotation", "fps", "is_variable_rate",
            "duration_seconds", "codec", "has_audio", "pixel_low", "pixel_high", "numbering_fault",
            "intervals",
        ]  # fmt: skip


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

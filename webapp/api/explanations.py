"""Explanations of scores over REST: error maps, and what is made on demand."""

import json
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.authentication import caller
from webapp.api.fields import ObjectField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.lists import ListView
from webapp.api.renderers import PngRenderer
from webapp.api.requests import Known, OrderedQuery, VisibleField, read_body, read_query
from webapp.datasets.models import Video
from webapp.results.models import ERRORS, GRAD_CAM, PICTURES, SEGMENTS, Explanation, ScoreSet
from webapp.results.scores.explaining import explain
from webapp.results.scores.explanations import content_of, explanation_on
from webapp.runs.models import Run

KINDS = [
    (ERRORS, "error maps of a method that reads frames"),
    (GRAD_CAM, "where the network looks that sees the frames"),
    (SEGMENTS, "what each segment adds to a score"),
]


class ExplanationQuery(Known):
    kind = serializers.ChoiceField(choices=KINDS, default=ERRORS)
    target = serializers.CharField(
        max_length=80, default="", allow_blank=True,
        help_text="Frames that were explained, such as 320-480; empty: all.",
    )  # fmt: skip
    layer = serializers.CharField(
        max_length=120, default="", allow_blank=True,
        help_text="That was asked for; empty: the network's own choice.",
    )  # fmt: skip
    format = serializers.ChoiceField(choices=["json", "png"], required=False)


class ExplanationsQuery(OrderedQuery):
    video = VisibleField(
        queryset=Video.objects.without_times(), required=False, help_text="Of this one alone."
    )
    kind = serializers.ChoiceField(choices=KINDS, required=False)


class FramesToExplain(Known):
    layer = serializers.CharField(
        max_length=120, default="", allow_blank=True,
        help_text="Of the network that sees the frames, such as backbone.layer3: asked instead of "
        "its own choice. A method's `layers` are worth asking.",
    )  # fmt: skip
    from_frame = serializers.IntegerField(min_value=0, required=False)
    to_frame = serializers.IntegerField(
        min_value=1, required=False, help_text="The one after the last. All frames without both."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        if ("from_frame" in attrs) != ("to_frame" in attrs):
            raise serializers.ValidationError("from_frame and to_frame go together")
        return attrs


class ListedExplanationSerializer(serializers.ModelSerializer[Explanation]):
    """How to read the sheet of tiles that `Accept: image/png` gives at its `url`."""

    kind = serializers.CharField(help_text="What a map shows: errors, grad_cam; or segments.")
    target = serializers.CharField(help_text="Frames that it explains; empty: all.")
    layer = serializers.CharField(help_text="That was asked for; empty: the network's own choice.")
    likeness_to_random = serializers.FloatField(
        allow_null=True, help_text="Rank correlation, −1…1, with maps of the same network with "
        "random weights: near 1, they say little of what was learnt. Null where that was not "
        "asked.",
    )  # fmt: skip
    rule = serializers.CharField(help_text="What a cell shows and what its levels mean.")
    first_frame = serializers.IntegerField(help_text="The frame of the first map.")
    frames_per_map = serializers.IntegerField(help_text="Frames from one map to the next.")
    n_maps = serializers.IntegerField(help_text="Tiles of the sheet, row by row.")
    height = serializers.IntegerField(help_text="Cells of a map from top to bottom.")
    width = serializers.IntegerField(help_text="Cells of a map from left to right.")
    columns = serializers.IntegerField(help_text="Tiles in a row of the sheet.")
    highest = serializers.FloatField(help_text="What level 255 stands for; 0 is none.")
    url = serializers.SerializerMethodField(help_text="Where it is, with what it holds.")

    class Meta:
        model = Explanation
        fields = [
            "video_id", "kind", "target", "layer", "likeness_to_random", "rule", "first_frame",
            "frames_per_map", "n_maps", "height", "width", "columns", "highest", "url",
        ]  # fmt: skip

    def get_url(self, explanation: Explanation) -> str:
        address = reverse("api:explanation", args=[explanation.run_id, explanation.video_id])
        named = {name: getattr(explanation, name) for name in ("kind", "target", "layer")}
        return f"{address}?{urlencode(named)}"


class ExplanationSerializer(ListedExplanationSerializer):
    """How to read the sheet of tiles that `Accept: image/png` gives, or what segments add."""

    highest_of_run = serializers.FloatField(help_text="The highest over all videos of the run.")
    segments = serializers.SerializerMethodField()

    class Meta(ListedExplanationSerializer.Meta):
        fields = [*ListedExplanationSerializer.Meta.fields, "highest_of_run", "segments"]

    @extend_schema_field(ObjectField(allow_null=True))
    def get_segments(self, explanation: Explanation) -> object:
        """Of kind segments: what each adds to each score that is explained; else null."""
        if explanation.kind in PICTURES:
            return None
        return json.loads(_content(explanation))


class RunExplanations(ListView[Explanation]):
    serializer_class = ListedExplanationSerializer
    query_form = ExplanationsQuery

    def get_queryset(self) -> QuerySet[Explanation]:
        run = get_object_or_404(Run.objects.visible_to(self.request.user), pk=self.kwargs["run_id"])
        chosen = {name: self.wanted[name] for name in ("video", "kind") if name in self.wanted}
        of_run = Explanation.objects.filter(score_set__run=run, **chosen)
        in_order = of_run.order_by(OrderedQuery.ORDERS[self.wanted["order"]])
        return in_order.select_related("score_set")

    @extend_schema(operation_id="run_explanations_list", parameters=[ExplanationsQuery])
    def get(self, request: Request, run_id: str) -> Response:
        """What explains the scores of a run, without what it holds. See docs/explanations.md."""
        return self.list(request)


class ExplanationDetail(APIView):
    renderer_classes = [JSONRenderer, PngRenderer]

    @extend_schema(
        parameters=[ExplanationQuery],
        responses={
            (200, JSONRenderer.media_type): ExplanationSerializer,
            (200, PngRenderer.media_type): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, run_id: str, video_id: str) -> Response:
        """Of a test video, error maps unless told: how to read them, or as one png they themselves.

        404 where the run has none. See docs/explanations.md.
        """
        wanted = read_query(ExplanationQuery, request)
        score_sets = ScoreSet.objects.visible_to(request.user).filter(run=run_id)
        video = get_object_or_404(Video.objects.without_times(), pk=video_id)
        named = {name: wanted[name] for name in ("kind", "target", "layer")}
        found = explanation_on(video, score_sets, **named)
        if request.accepted_renderer.format != PngRenderer.format:
            return Response(ExplanationSerializer(found).data)
        if found.kind not in PICTURES:
            raise NotFound("What segments add is no picture: ask for JSON.")
        return Response(_content(found))

    def get_renderers(self) -> list[BaseRenderer]:
        """A job that has begun is no picture."""
        renderers = super().get_renderers()
        return renderers if self.request.method == "GET" else renderers[:1]

    @extend_schema(
        request=FramesToExplain, responses={(202, JSONRenderer.media_type): JobSerializer}
    )
    def post(self, request: Request, run_id: str, video_id: str) -> Response:
        """Explain the scores of some frames of a video, or of all: by its segments where the method
        reads features, and in the picture, where the network is known here that sees it. 409 where
        that is done."""
        asked = read_body(FramesToExplain, request)
        run = get_object_or_404(Run.objects.visible_to(request.user), pk=run_id)
        videos = Video.objects.visible_to(request.user).without_times()
        video = get_object_or_404(videos, pk=video_id)
        frames = (asked["from_frame"], asked["to_frame"]) if "from_frame" in asked else None
        job = explain(run=run, video=video, frames=frames, layer=asked["layer"], by=caller(request))
        return accepted(job)


def _content(explanation: Explanation) -> bytes:
    try:
        return content_of(explanation)
    except FileNotFoundError as error:
        raise NotFound("The file of this explanation is no longer in the storage.") from error

"""Error maps over REST."""

from django.db.models.fields.files import FieldFile
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.renderers import PngRenderer
from webapp.datasets.models import Video
from webapp.results.models import Explanation, ScoreSet
from webapp.results.scores.explanations import explanation_on


class ExplanationSerializer(serializers.ModelSerializer[Explanation]):
    """How to read the sheet of tiles that `Accept: image/png` gives."""

    kind = serializers.CharField(help_text="What a map shows: errors.")
    target = serializers.CharField(help_text="What it explains; empty: the score itself.")
    rule = serializers.CharField(help_text="What a cell shows and what its levels mean.")
    first_frame = serializers.IntegerField(help_text="The frame of the first map.")
    frames_per_map = serializers.IntegerField(help_text="Frames from one map to the next.")
    n_maps = serializers.IntegerField(help_text="Tiles of the sheet, row by row.")
    height = serializers.IntegerField(help_text="Cells of a map from top to bottom.")
    width = serializers.IntegerField(help_text="Cells of a map from left to right.")
    columns = serializers.IntegerField(help_text="Tiles in a row of the sheet.")
    highest = serializers.FloatField(help_text="The error that level 255 stands for; 0 is none.")
    highest_of_run = serializers.FloatField(help_text="The highest over all videos of the run.")

    class Meta:
        model = Explanation
        fields = [
            "video_id", "kind", "target", "rule", "first_frame", "frames_per_map", "n_maps",
            "height", "width", "columns", "highest", "highest_of_run",
        ]  # fmt: skip


class ExplanationDetail(APIView):
    renderer_classes = [JSONRenderer, PngRenderer]

    @extend_schema(
        responses={
            (200, JSONRenderer.media_type): ExplanationSerializer,
            (200, PngRenderer.media_type): OpenApiTypes.BINARY,
        }
    )
    def get(self, request: Request, run_id: str, video_id: str) -> Response:
        """Error maps of a test video: how to read them as JSON, or they themselves as one png.

        404 where the run has none. See docs/explanations.md.
        """
        score_sets = ScoreSet.objects.visible_to(request.user).filter(run=run_id)
        video = get_object_or_404(Video.objects.without_times(), pk=video_id)
        found = explanation_on(video, score_sets)
        if request.accepted_renderer.format == PngRenderer.format:
            return Response(_content(found.sheet))
        return Response(ExplanationSerializer(found).data)


def _content(sheet: FieldFile) -> bytes:
    try:
        with sheet.open() as file:
            return bytes(file.read())
    except FileNotFoundError as error:
        raise NotFound("The file of these error maps is no longer in the storage.") from error

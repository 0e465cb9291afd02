"""Stored scores over REST."""

from math import isnan
from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.renderers import NpyRenderer
from webapp.datasets.models import Video
from webapp.results.models import ScoreSet
from webapp.results.scores.reading import (
    VideoScored,
    read_scores_on,
    read_validation,
    scored_videos,
)
from webapp.results.scores.validation import scored_validation

SCORES = {"type": "array", "items": {"type": ["number", "null"]}}


class VideoScoresSerializer(serializers.Serializer[VideoScored]):
    video_id = serializers.CharField(source="video.pk")
    video_name = serializers.CharField(source="video.name")
    n_frames = serializers.IntegerField(source="video.n_frames")
    first_frame = serializers.IntegerField()
    frames_per_value = serializers.IntegerField()
    url = serializers.SerializerMethodField()

    def get_url(self, scored: VideoScored) -> str:
        return reverse("api:video_scores", args=[scored.run_id, scored.video.pk])


class ScoreSetSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    rule = serializers.CharField(help_text="Which frames get a score.")
    content_hash = serializers.CharField()
    videos = VideoScoresSerializer(many=True)
    validation_videos = VideoScoresSerializer(
        many=True, help_text="Thresholds are chosen on these; no number is computed of them."
    )


class FrameScoresSerializer(serializers.Serializer[Any]):
    video_id = serializers.CharField()
    video_name = serializers.CharField()
    first_frame = serializers.IntegerField()
    frames_per_value = serializers.IntegerField()
    frames = extend_schema_field(SCORES)(serializers.JSONField)(
        help_text="One score per frame of the video, null where it has none."
    )


class Scores(APIView):
    @extend_schema(operation_id="runs_score_set", responses=ScoreSetSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """Which videos have scores. 404 until the run has been scored."""
        score_sets = ScoreSet.objects.visible_to(request.user).select_related("run")
        score_set = get_object_or_404(score_sets, run_id=run_id)
        answer = {
            "id": score_set.pk,
            "rule": score_set.rule,
            "content_hash": score_set.content_hash,
            "videos": scored_videos(score_set),
            "validation_videos": scored_validation(score_set),
        }
        return Response(ScoreSetSerializer(answer).data)


class FrameScores(APIView):
    renderer_classes = [JSONRenderer, NpyRenderer]

    @extend_schema(
        responses={
            (200, JSONRenderer.media_type): FrameScoresSerializer,
            (200, NpyRenderer.media_type): OpenApiTypes.BINARY,
        }
    )
    def get(self, request: Request, run_id: str, video_id: str) -> Response:
        """One score per frame: JSON with null, or npy with NaN, where there is none.

        The array is of float32, or of float64 where the scores came with more digits.
        """
        score_sets = ScoreSet.objects.visible_to(request.user).select_related("run")
        score_set = get_object_or_404(score_sets, run_id=run_id)
        video = get_object_or_404(Video.objects.without_times(), pk=video_id)
        found = read_scores_on(video, [score_set]).get(run_id)
        scores = found or read_validation(score_set, [video.pk]).get(video.pk)
        if scores is None:
            raise Http404
        frames = scores.to_frames(video.n_frames)
        if request.accepted_renderer.format == NpyRenderer.format:
            return Response(frames)
        answer = {
            "video_id": video.pk,
            "video_name": video.name,
            "first_frame": scores.first_frame,
            "frames_per_value": scores.frames_per_value,
            "frames": [None if isnan(score) else score for score in frames.tolist()],
        }
        return Response(FrameScoresSerializer(answer).data)

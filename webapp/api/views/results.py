"""Scores and evaluations of runs."""

from math import isnan

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.renderers import NpyRenderer
from webapp.api.serializers import (
    EvaluationsSerializer,
    FrameScoresSerializer,
    ScoreSetSerializer,
)
from webapp.api.views.runs import visible_run
from webapp.results.models import Evaluation, ScoreSet, VideoScores


class Scores(APIView):
    @extend_schema(operation_id="runs_score_set", responses=ScoreSetSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """Which videos have scores. 404 until the run has been scored."""
        score_sets = ScoreSet.objects.visible_to(request.user)
        score_set = get_object_or_404(score_sets, run_id=run_id)
        videos = score_set.videos.defer("values", "video__pts_seconds")
        videos = videos.select_related("video", "score_set").order_by("video__name")
        answer = {
            "id": score_set.pk,
            "rule": score_set.rule,
            "content_hash": score_set.content_hash,
            "videos": videos,
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
        """One score per frame: JSON with null, or npy (float32) with NaN, where there is none."""
        of_run = VideoScores.objects.filter(
            score_set__in=ScoreSet.objects.visible_to(request.user), score_set__run_id=run_id
        )
        rows = of_run.select_related("video").defer("video__pts_seconds")
        row = get_object_or_404(rows, video_id=video_id)
        frames = row.scores.to_frames(row.video.n_frames)
        if request.accepted_renderer.format == NpyRenderer.format:
            return Response(frames)
        answer = {
            "video_id": row.video_id,
            "first_frame": row.first_frame,
            "frames_per_value": row.frames_per_value,
            "frames": [None if isnan(score) else score for score in frames.tolist()],
        }
        return Response(FrameScoresSerializer(answer).data)


class Evaluations(APIView):
    @extend_schema(responses=EvaluationsSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """One for each protocol; empty until the run has been scored."""
        run = visible_run(request, run_id)
        evaluations = Evaluation.objects.filter(score_set__run=run).select_related(
            "protocol", "score_set__run"
        )
        rows = evaluations.order_by("protocol__slug", "-protocol__version", "-evaluator_version")
        return Response(EvaluationsSerializer({"results": rows}).data)

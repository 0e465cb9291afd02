"""Scores and evaluations of runs."""

from math import isnan

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.renderers import NpyRenderer
from webapp.api.requests import Known, read_query
from webapp.api.serializers import (
    EvaluationsSerializer,
    FrameScoresSerializer,
    ScoreSetSerializer,
)
from webapp.api.views.runs import visible_run
from webapp.datasets.models import Video
from webapp.results.models import Evaluation, ScoreSet
from webapp.results.protocols.choice import protocol_of
from webapp.results.scores.evaluating import evaluate
from webapp.results.scores.reading import read_scores_on, read_validation, scored_videos
from webapp.results.scores.validation import scored_validation
from webapp.results.studies.reuse_of_test_set import n_looks
from webapp.runs.models import Run


class EvaluationQuery(Known):
    protocol = serializers.SlugField(max_length=60, required=False)
    version = serializers.IntegerField(
        min_value=1, required=False, help_text="Of the protocol; the newest when left out."
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


class Evaluations(APIView):
    @extend_schema(responses=EvaluationsSerializer, parameters=[EvaluationQuery])
    def get(self, request: Request, run_id: str) -> Response:
        """One for each protocol, or the one that is named; empty until the run has been scored.

        Under a named protocol it is made now where it has not been yet.
        """
        run = visible_run(request, run_id)
        wanted = read_query(EvaluationQuery, request)
        if "protocol" in wanted:
            protocol = protocol_of(wanted["protocol"], run.team, wanted.get("version"))
            score_sets = ScoreSet.objects.filter(run=run).select_related("run")
            rows = [evaluate(score_set, protocol) for score_set in score_sets]
        else:
            rows = list(_evaluations(run))
        answer = {"n_looks": n_looks(run.split), "results": rows}
        return Response(EvaluationsSerializer(answer).data)


def _evaluations(run: Run) -> QuerySet[Evaluation]:
    found = Evaluation.objects.filter(score_set__run=run)
    joined = found.select_related("protocol", "score_set__run")
    return joined.order_by("protocol__slug", "-protocol__version", "-evaluator_version")

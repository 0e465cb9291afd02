"""Runs that were trained elsewhere, and their scores."""

from __future__ import annotations

from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.score_files import Layout
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.parsers import FileParser, sent_file
from webapp.api.requests import Known, RunOfSplit, read_body, read_query
from webapp.api.serializers import RunSerializer
from webapp.api.views.results import FrameScores, Scores
from webapp.api.views.runs import visible_run
from webapp.results import uploads
from webapp.runs.models import SUPERVISION, Run

SCORE_FILE = {"application/octet-stream": OpenApiTypes.BINARY}


class NewUploadedRun(RunOfSplit):
    method_title = serializers.CharField(max_length=120)
    name = serializers.CharField(max_length=160, default="", allow_blank=True)
    supervision = serializers.ChoiceField(choices=["", *SUPERVISION], default="", allow_blank=True)
    features = serializers.CharField(max_length=120, default="", allow_blank=True)
    reference = serializers.CharField(max_length=300, default="", allow_blank=True)
    selection = serializers.ChoiceField(
        choices=Run.Selection.choices,
        default=Run.Selection.UNKNOWN,
        help_text="How the checkpoint was chosen.",
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**32 - 1, default=0)


class LayoutQuery(Known):
    unit = serializers.ChoiceField(
        choices=["frame", "segment", "equal_segments", "clip"], default="frame"
    )
    first_frame = serializers.IntegerField(min_value=0, default=0)
    frames_per_value = serializers.IntegerField(min_value=1, default=1)
    tail = serializers.ChoiceField(choices=["", "last", "none"], default="", allow_blank=True)


class UploadSerializer(serializers.Serializer[Any]):
    run = RunSerializer()
    is_complete = serializers.BooleanField()
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Names of test videos without scores."
    )


class UploadedRuns(APIView):
    @extend_schema(
        request=NewUploadedRun, responses={201: RunSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request) -> Response:
        """A run that waits for scores made elsewhere."""
        return idempotency.answer_once(request, partial(_create, request))


def _create(request: Request) -> Response:
    wanted = read_body(NewUploadedRun, request)
    run = uploads.create_uploaded_run(team=wanted["dataset"].team, **wanted, by=caller(request))
    return Response(RunSerializer(run).data, status=status.HTTP_201_CREATED)


class RunScores(Scores):
    parser_classes = [FileParser]

    @extend_schema(
        operation_id="runs_score_set_put",
        request=SCORE_FILE,
        responses=UploadSerializer,
        parameters=[LayoutQuery],
    )
    def put(self, request: Request, run_id: str) -> Response:
        """Scores of many test videos: npz, zip, JSON or CSV by name, or one array for all."""
        layout, data = _upload(request)
        run = visible_run(request, run_id)
        return _answer(
            uploads.store_score_set(run=run, data=data, layout=layout, by=caller(request))
        )


class VideoScores(FrameScores):
    parser_classes = [FileParser]

    @extend_schema(
        operation_id="runs_video_scores_put",
        request=SCORE_FILE,
        responses=UploadSerializer,
        parameters=[LayoutQuery],
    )
    def put(self, request: Request, run_id: str, video_id: str) -> Response:
        """Scores of one test video, by its id or name. The same ones again change nothing."""
        layout, data = _upload(request)
        run = visible_run(request, run_id)
        video = uploads.find_video(run, video_id)
        return _answer(
            uploads.store_scores(run=run, video=video, data=data, layout=layout, by=caller(request))
        )


def _upload(request: Request) -> tuple[Layout, bytes]:
    layout = Layout(**read_query(LayoutQuery, request))
    return layout, sent_file(request)


def _answer(progress: uploads.Progress) -> Response:
    return Response(UploadSerializer(progress).data)

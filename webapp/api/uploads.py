"""Runs that were trained elsewhere, and their scores."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.records import MAX_FRAMES
from ml.scores.files import Layout
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.parsers import FileParser, sent_file
from webapp.api.requests import Known, read_body, read_query
from webapp.api.runs import RunOfSplit, RunSerializer, visible_run
from webapp.api.scores import FrameScores, Scores
from webapp.deleting.services import delete_score_set
from webapp.results.files.scores import FORMATS, score_file
from webapp.results.models import ScoreSet
from webapp.results.scores import uploads
from webapp.runs.models import SUPERVISION, Run

SENT_FILE = {"application/octet-stream": OpenApiTypes.BINARY}


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
    first_frame = serializers.IntegerField(
        min_value=0, max_value=MAX_FRAMES, default=0, help_text="Frames before it have no score."
    )
    missing_at_end = serializers.IntegerField(
        min_value=0, max_value=MAX_FRAMES, default=0, help_text="Last frames without a score."
    )
    frames_per_value = serializers.IntegerField(min_value=1, max_value=MAX_FRAMES, default=1)
    tail = serializers.ChoiceField(choices=["", "last", "none"], default="", allow_blank=True)
    missing = serializers.ChoiceField(
        choices=["", "allowed"],
        default="",
        allow_blank=True,
        help_text="Frames whose score is NaN, null, empty or left out have none.",
    )
    base = serializers.IntegerField(
        min_value=0,
        max_value=1,
        default=None,
        allow_null=True,
        help_text="What the file calls the first frame or segment; found out when left out.",
    )


class UploadSerializer(serializers.Serializer[Any]):
    run = RunSerializer()
    is_complete = serializers.BooleanField()
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="Names of test videos without scores."
    )
    notes = serializers.ListField(
        child=serializers.CharField(),
        help_text="Sentences about what was made of the file, such as the order of its videos.",
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
        request=SENT_FILE,
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

    @extend_schema(operation_id="runs_score_set_delete", responses={204: None})
    def delete(self, request: Request, run_id: str) -> Response:
        """With what was computed of them; the run stays and can have scores again. 409 and the
        reasons where they are held. A token needs scope manage."""
        delete_score_set(run=visible_run(request, run_id), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class AnyFile(BaseContentNegotiation):
    """The address says what is sent, whatever the requester accepts."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return next(iter(parsers), None)

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ScoreFile(APIView):
    content_negotiation_class = AnyFile

    @extend_schema(
        responses={
            (200, kind.partition(";")[0]): OpenApiTypes.BINARY for kind, _ in FORMATS.values()
        },
        parameters=[OpenApiParameter("ending", str, "path", enum=list(FORMATS))],
    )
    def get(self, request: Request, run_id: str, ending: str) -> HttpResponseBase:
        """All scores of a run as zip, JSON or CSV: a file that can be uploaded again."""
        score_sets = ScoreSet.objects.visible_to(request.user).select_related("run__split")
        return score_file(get_object_or_404(score_sets, run_id=run_id), ending)


class VideoScores(FrameScores):
    parser_classes = [FileParser]

    @extend_schema(
        operation_id="runs_video_scores_put",
        request=SENT_FILE,
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

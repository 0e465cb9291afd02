"""Runs computed from other runs."""

from functools import partial

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.teams import current_team
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.requests import Known, read_body
from webapp.api.runs import RunSerializer
from webapp.results.scores.virtual import create_virtual_run


class NewVirtualRun(Known):
    name = serializers.CharField(max_length=160, default="", allow_blank=True)
    recipe = serializers.DictField(
        help_text="members: a list of {run, weight, calibration: none, test_set or per_video}; "
        "smoothing: none, mean or gaussian; smoothing_frames."
    )


class VirtualRuns(APIView):
    @extend_schema(
        request=NewVirtualRun, responses={201: RunSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request) -> Response:
        """Weighted mean of runs on the same split: no job, scores computed as they are read."""
        return idempotency.answer_once(request, partial(_create, request))


def _create(request: Request) -> Response:
    wanted = read_body(NewVirtualRun, request)
    run = create_virtual_run(team=current_team(request._request), **wanted, by=caller(request))
    return Response(RunSerializer(run).data, status=status.HTTP_201_CREATED)

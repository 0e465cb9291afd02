"""The scale of a run's scores, for those who score frames as they come."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.results.models import ScoreSet
from webapp.results.scores.calibration import calibration_of


class CalibrationSerializer(serializers.Serializer[Any]):
    """What `python -m ml watch --calibration` reads."""

    format = serializers.IntegerField()
    rule = serializers.CharField(help_text="How a score is brought to the scale.")
    offset = serializers.FloatField()
    highest = serializers.FloatField(help_text="Highest score of a normal validation frame.")
    quantile = serializers.FloatField(help_text="Their 0.99 quantile.")
    n_videos = serializers.IntegerField()
    n_frames = serializers.IntegerField(help_text="Scores that this was made of.")
    weights_sha256 = serializers.CharField(
        help_text="Of the checkpoint that gave the scores; empty for scores brought in or mixed."
    )


class Calibration(APIView):
    @extend_schema(responses=CalibrationSerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """From the run's scores of normal validation videos; 422 where it has none."""
        score_sets = ScoreSet.objects.visible_to(request.user).select_related("run")
        found = calibration_of(get_object_or_404(score_sets, run=run_id))
        return Response(CalibrationSerializer(found.to_json()).data)

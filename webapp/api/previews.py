"""Previews of clips over REST."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.permissions import Permission, require
from webapp.api.authentication import caller
from webapp.api.fields import ObjectField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.requests import Known, read_body
from webapp.datasets.models import ClipPreview, Video
from webapp.datasets.previewing import OPTIONS, preview


class NewPreview(Known):
    start_frame = serializers.IntegerField()
    end_frame = serializers.IntegerField(help_text="Not included.")
    left = serializers.IntegerField(default=None, allow_null=True)
    top = serializers.IntegerField(default=None, allow_null=True)
    width = serializers.IntegerField(default=None, allow_null=True)
    height = serializers.IntegerField(default=None, allow_null=True)
    options = ObjectField(
        required=False, help_text=f"Of a method over clips; heeded are {', '.join(OPTIONS)}."
    )


class PreviewSerializer(serializers.ModelSerializer[ClipPreview]):
    state = serializers.CharField(help_text="making, failed or ready.")
    clip = ObjectField()
    options = ObjectField()
    rows = serializers.ListField(child=serializers.CharField(), help_text="Modalities.")
    frames = serializers.ListField(
        child=serializers.FloatField(), help_text="Of each picture; 3.5 is half of 3 and half of 4."
    )
    sheet_url = serializers.SerializerMethodField()

    class Meta:
        model = ClipPreview
        fields = [
            "id", "video_id", "state", "clip", "options", "rows", "frames", "n_frames", "job_id",
            "created_at", "sheet_url",
        ]  # fmt: skip

    def get_sheet_url(self, found: ClipPreview) -> str:
        return reverse("results:preview_sheet", args=[found.pk])


class VideoPreviews(APIView):
    @extend_schema(request=NewPreview, responses={202: JobSerializer})
    def post(self, request: Request, video_id: str) -> Response:
        """Make the pictures that a network will see of a clip. The answer's result_url is the
        preview; asked for again, it is the same."""
        videos = Video.objects.visible_to(request.user).select_related("dataset__team")
        video = get_object_or_404(videos.without_times(), pk=video_id)
        require(caller(request), Permission.RUN_SUBMIT, team=video.dataset.team)
        wanted: dict[str, Any] = read_body(NewPreview, request)
        options = wanted.pop("options", {})
        made = preview(video=video, clip=wanted, options=options, by=caller(request))
        assert made.job is not None, "it begins with its job"
        return accepted(made.job)


class PreviewDetail(APIView):
    @extend_schema(responses=PreviewSerializer)
    def get(self, request: Request, preview_id: str) -> Response:
        """Which frames the pictures are of, and where the PNG lies: a column for each picture, a
        row for each modality."""
        visible = ClipPreview.objects.visible_to(request.user).select_related("job")
        return Response(PreviewSerializer(get_object_or_404(visible, pk=preview_id)).data)

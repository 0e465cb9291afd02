"""What the API shows of a split."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from rest_framework import serializers

from webapp.api.serializers import FindingSerializer, SplitSerializer
from webapp.datasets.models import Split, SplitMember


class MemberSerializer(serializers.ModelSerializer[SplitMember]):
    name = serializers.CharField(source="video.name")

    class Meta:
        model = SplitMember
        fields = ["video_id", "name", "part"]


class SplitReportSerializer(SplitSerializer):
    report = FindingSerializer(many=True, help_text="Leaks first, then what lists named in vain.")
    url = serializers.SerializerMethodField()

    class Meta(SplitSerializer.Meta):
        fields = [
            *SplitSerializer.Meta.fields,
            "dataset_id", "fold", "origin", "held_out_by", "report", "url",
        ]  # fmt: skip

    def get_url(self, split: Split) -> str:
        return reverse("api:split", args=[split.pk])


class SplitDetailSerializer(SplitReportSerializer):
    videos = MemberSerializer(many=True, source="members")

    class Meta(SplitReportSerializer.Meta):
        fields = [*SplitReportSerializer.Meta.fields, "videos"]


class SplitsSerializer(serializers.Serializer[Any]):
    """One split, or the folds of one cross-validation in their order."""

    results = SplitReportSerializer(many=True)

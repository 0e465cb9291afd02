"""Splits over REST."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.splits.making import MAX_FOLDS
from ml.splits.tables import GROUP_KINDS
from webapp.accounts.permissions import Permission, require
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.datasets import FindingSerializer, SplitSerializer
from webapp.api.lists import ListView
from webapp.api.requests import Known, OrderedQuery, read_body
from webapp.datasets.models import Dataset, Part, Split, SplitMember
from webapp.datasets.splits import (
    MAX_NAME_LENGTH,
    GivenList,
    import_split,
    make_split,
    set_groups,
)


class NewList(Known):
    name = serializers.CharField(
        max_length=200, help_text="Shown where the split is said to be from."
    )
    part = serializers.ChoiceField(
        choices=Part.choices,
        required=False,
        help_text="Left out where the list says it itself, as a column subset does.",
    )
    text = serializers.CharField(trim_whitespace=False, help_text="The file's content.")

    def to_internal_value(self, data: Any) -> Any:
        self.initial_data = data  # which a nested one is not given, and `Known` asks for
        return super().to_internal_value(data)


class NewSplit(Known):
    """Exactly one of `files`, `n_folds` and `validation_share`."""

    name = serializers.CharField(max_length=MAX_NAME_LENGTH)
    files = NewList(many=True, required=False, help_text="Lists of videos to take it from.")
    n_folds = serializers.IntegerField(min_value=2, max_value=MAX_FOLDS, required=False)
    validation_share = serializers.FloatField(
        required=False, help_text="Between 0 and 1, of the base's normal training videos."
    )
    base = serializers.CharField(
        max_length=36,
        required=False,
        help_text="Split to hold validation videos out of; the newest when left out.",
    )
    held_out_by = serializers.ChoiceField(
        choices=["", *GROUP_KINDS],
        default="",
        allow_blank=True,
        help_text="What keeps videos together.",
    )
    seed = serializers.IntegerField(min_value=0, max_value=2**32 - 1, default=0)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        asked = [name for name in ("files", "n_folds", "validation_share") if name in attrs]
        if len(asked) != 1:
            raise serializers.ValidationError(
                "give exactly one of files, n_folds and validation_share"
            )
        if "files" in attrs:
            attrs["files"] = [as_given(file) for file in attrs["files"]]
        if "base" in attrs:
            attrs["base"] = self._base(attrs["base"])
        return attrs

    def _base(self, split_id: str) -> Split:
        splits = Split.objects.filter(dataset=self.context["dataset"])
        base = splits.filter(pk=split_id).first()
        if base is None:
            raise serializers.ValidationError({"base": "the dataset has no such split"})
        return base


class NewGroups(Known):
    file = serializers.CharField(max_length=200, help_text="What the table was called.")
    text = serializers.CharField(
        trim_whitespace=False,
        help_text="The table: name, and source, camera or actor, as many of them as there are.",
    )


class GroupsSerializer(serializers.Serializer[Any]):
    report = FindingSerializer(many=True, help_text="Names that are no video of the dataset.")


def as_given(file: dict[str, Any]) -> GivenList:
    return GivenList(name=file["name"], part=file.get("part", ""), data=file["text"].encode())


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


class DatasetSplits(ListView[Split]):
    serializer_class = SplitReportSerializer
    query_form = OrderedQuery

    def get_queryset(self) -> QuerySet[Split]:
        splits = _dataset(self.request, self.kwargs["dataset_id"]).splits.with_counts()
        return splits.order_by(OrderedQuery.ORDERS[self.wanted["order"]])

    @extend_schema(parameters=[OrderedQuery])
    def get(self, request: Request, dataset_id: str) -> Response:
        """With the report of what their parts share."""
        return self.list(request)

    @extend_schema(
        request=NewSplit, responses={201: SplitsSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Take a split from lists, make folds, or hold out validation videos."""
        dataset = _dataset(request, dataset_id)
        require(caller(request), Permission.DATASET_IMPORT, team=dataset.team)
        return idempotency.answer_once(request, partial(_create, request, dataset))


def _create(request: Request, dataset: Dataset) -> Response:
    wanted = read_body(NewSplit, request, dataset=dataset)
    if "files" in wanted:
        made = import_split(
            dataset=dataset, name=wanted["name"], files=wanted["files"], by=caller(request)
        )
    else:
        made = make_split(dataset=dataset, **wanted, by=caller(request))
    splits = Split.objects.filter(pk__in=[split.pk for split in made]).with_counts()
    answer = SplitsSerializer({"results": splits.order_by("fold")})
    return Response(answer.data, status=status.HTTP_201_CREATED)


class DatasetGroups(APIView):
    @extend_schema(request=NewGroups, responses=GroupsSerializer)
    def put(self, request: Request, dataset_id: str) -> Response:
        """Say what videos share. Columns left out stay; reports of all splits are written anew."""
        wanted: dict[str, Any] = read_body(NewGroups, request)
        file = GivenList(name=wanted["file"], data=wanted["text"].encode())
        dataset = _dataset(request, dataset_id)
        report = set_groups(dataset=dataset, file=file, by=caller(request))
        return Response(GroupsSerializer({"report": report}).data)


class SplitDetail(APIView):
    @extend_schema(responses=SplitDetailSerializer)
    def get(self, request: Request, split_id: str) -> Response:
        """With its videos and the report of what its parts share."""
        visible = Dataset.objects.visible_to(request.user)
        splits = Split.objects.filter(dataset__in=visible).with_counts()
        members = SplitMember.objects.select_related("video").defer("video__pts_seconds")
        in_order = Prefetch("members", members.order_by("video__name"))
        split = get_object_or_404(splits.prefetch_related(in_order), pk=split_id)
        return Response(SplitDetailSerializer(split).data)


def _dataset(request: Request, dataset_id: str) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)

"""Splits of a dataset."""

from functools import partial

from django.db.models import Prefetch, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.permissions import Permission, require
from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.requests import OrderedQuery, read_body
from webapp.api.requests_splits import NewSplit
from webapp.api.serializers_splits import (
    SplitDetailSerializer,
    SplitReportSerializer,
    SplitsSerializer,
)
from webapp.api.views.lists import ListView
from webapp.datasets.models import Dataset, Split, SplitMember
from webapp.datasets.splits import import_split, make_split


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

"""Links that show one thing of a team to outsiders."""

from functools import partial

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api import idempotency
from webapp.api.authentication import caller
from webapp.api.requests import OrderedQuery, read_body
from webapp.api.requests_share_links import TARGET, NewShareLink
from webapp.api.serializers_share_links import (
    ShareLinkSerializer,
    ShareLinkWithAddressSerializer,
)
from webapp.api.views.lists import ListView
from webapp.sharing.models import ShareLink
from webapp.sharing.services import create_link, revoke_link


class ShareLinks(ListView[ShareLink]):
    serializer_class = ShareLinkSerializer
    query_form = OrderedQuery

    def get_queryset(self) -> QuerySet[ShareLink]:
        links = ShareLink.objects.visible_to(self.request.user).select_related("created_by")
        ordered: QuerySet[ShareLink] = links.order_by(OrderedQuery.ORDERS[self.wanted["order"]])
        return ordered

    @extend_schema(parameters=[OrderedQuery])
    def get(self, request: Request) -> Response:
        """Revoked and expired ones too."""
        return self.list(request)

    @extend_schema(
        request=NewShareLink,
        responses={201: ShareLinkWithAddressSerializer},
        parameters=[idempotency.PARAMETER],
    )
    def post(self, request: Request) -> Response:
        """Share a run, a comparison, a leaderboard or a moment of a video. A token needs
        scope manage."""
        addresses: list[str] = []
        response = idempotency.answer_once(request, partial(_create, request, addresses))
        if addresses:  # put in last, so that the answer that is kept for repeats is without it
            response.data |= {"address": addresses[0]}
        return response


def _create(request: Request, addresses: list[str]) -> Response:
    wanted = read_body(NewShareLink, request)
    link, address = create_link(
        kind=wanted["kind"],
        ids={name: wanted[name] for name in TARGET if name in wanted},
        includes_video=wanted["includes_video"],
        days=wanted["expires_in_days"],
        note=wanted["note"],
        by=caller(request),
    )
    addresses.append(address)
    answer = ShareLinkSerializer(link).data | {"address": None}
    return Response(answer, status=status.HTTP_201_CREATED)


class ShareLinkDetail(APIView):
    @extend_schema(responses=ShareLinkSerializer)
    def get(self, request: Request, link_id: str) -> Response:
        """How often it was viewed, and whether it still works. Never its secret."""
        return Response(ShareLinkSerializer(_link(request, link_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, link_id: str) -> Response:
        """Revoke it, for good."""
        revoke_link(link=_link(request, link_id), by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _link(request: Request, link_id: str) -> ShareLink:
    links = ShareLink.objects.visible_to(request.user).select_related("team", "created_by")
    return get_object_or_404(links, pk=link_id)

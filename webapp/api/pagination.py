"""Pages of a list, found by the last key seen: no page repeats or skips a row."""

from typing import Any
from urllib.parse import urlencode

from django.core import signing
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

SALT = "api cursor"


class KeysetPagination(BasePagination):
    """For `views.lists.ListView`, its queryset ordered by one unique field."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.order = str(queryset.query.order_by[0])
        limit, cursor = view.wanted["limit"], view.wanted.get("cursor")
        if cursor:
            queryset = self._after(cursor, queryset)
        rows = list(queryset[: limit + 1])
        self.has_more = len(rows) > limit
        self.rows = rows[:limit]
        return self.rows

    def _after(self, cursor: str, queryset: QuerySet[Any]) -> QuerySet[Any]:
        comparison = "lt" if self.order.startswith("-") else "gt"
        last = _key_in(cursor, self.order)
        return queryset.filter(**{f"{self.order.lstrip('-')}__{comparison}": last})

    def get_paginated_response(self, data: Any) -> Response:
        following = self._next_url()
        headers = {"Link": f'<{following}>; rel="next"'} if following else {}
        return Response({"results": data, "next": following}, headers=headers)

    def _next_url(self) -> str | None:
        if not self.has_more:
            return None
        key = getattr(self.rows[-1], self.order.lstrip("-"))
        cursor = signing.dumps([self.order, key], salt=SALT)
        query = {**self.request.query_params.dict(), "cursor": cursor}
        return f"{self.request.path}?{urlencode(query)}"

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "description": "Address of the next page, null on the last.",
                },
            },
        }


def _key_in(cursor: str, order: str) -> str:
    try:
        made_for, key = signing.loads(cursor, salt=SALT)
    except (signing.BadSignature, ValueError) as error:
        raise serializers.ValidationError({"cursor": "This cursor was not made here."}) from error
    if made_for != order:
        raise serializers.ValidationError({"cursor": "This cursor belongs to another order."})
    return str(key)

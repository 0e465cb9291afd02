"""Lists in pages."""

from functools import cached_property
from typing import Any, TypeVar

from django.db.models import Model
from rest_framework.generics import ListAPIView

from webapp.api.requests import PageQuery, read_query

Row = TypeVar("Row", bound=Model)


class ListView(ListAPIView[Row]):
    """`query_form` says which parameters a list takes, `wanted` which of them were given."""

    query_form: type[PageQuery] = PageQuery

    @cached_property
    def wanted(self) -> dict[str, Any]:
        return read_query(self.query_form, self.request)

"""How the API reads what it takes. A field or parameter that is not named is refused."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

DEFAULT_LIMIT = 50
MAX_LIMIT = 500


class Known(serializers.Serializer[Any]):
    """Takes the fields it declares and no others."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        unknown = sorted(set(self.initial_data) - set(self.fields))
        if unknown:
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                dict.fromkeys(unknown, f"not known here; known are: {known}"), code="unknown"
            )
        return attrs


def read_body(form: type[Known], request: Request, **context: Any) -> dict[str, Any]:
    return _valid(form(data=request.data, context={"request": request} | context))


def read_query(form: type[Known], request: Request) -> dict[str, Any]:
    query = request.query_params.dict()
    return _valid(form(data=query, context={"request": request}))


def _valid(form: Known) -> dict[str, Any]:
    form.is_valid(raise_exception=True)
    return dict(form.validated_data)


class VisibleField(serializers.PrimaryKeyRelatedField[Model]):
    """The id of something the requester may see. What they may not see does not exist."""

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().visible_to(self.context["request"].user)  # type: ignore[union-attr]


class PageQuery(Known):
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = serializers.CharField(required=False, help_text="Found in `next` of the page before.")


class OrderedQuery(PageQuery):
    """Ids grow with time, so that they give the order of creation and are unique."""

    ORDERS = {"-created_at": "-id", "created_at": "id"}
    order = serializers.ChoiceField(choices=list(ORDERS), default="-created_at")

"""Methods over REST, as the workers publish them."""

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.api.fields import ObjectField
from webapp.api.lists import ListView
from webapp.api.requests import PageQuery
from webapp.runs.models import Method, Reads


class MethodSerializer(serializers.ModelSerializer[Method]):
    reads = serializers.ChoiceField(
        choices=Reads.choices, help_text="What it takes of a video; features need a feature set."
    )
    begins_with = serializers.ListField(
        child=serializers.CharField(),
        help_text="Other methods with whose weights its training may begin.",
    )
    layers = serializers.ListField(
        child=serializers.CharField(),
        help_text="Of a network over clips, those worth asking where it looks; the first unless "
        "told.",
    )  # fmt: skip
    schema = ObjectField(help_text="JSON Schema of the config.")
    sweeps = serializers.ListField(
        child=ObjectField(), help_text="Ready-made ones: name, title, reproduces, grid, variants."
    )

    class Meta:
        model = Method
        fields = [
            "name", "title", "summary", "paper", "supervision", "reads", "begins_with",
            "layers", "schema", "sweeps", "published_at",
        ]  # fmt: skip


class Methods(ListView[Method]):
    """Published by the workers; the same for all teams."""

    serializer_class = MethodSerializer

    def get_queryset(self) -> QuerySet[Method]:
        return Method.objects.order_by("name")

    @extend_schema(parameters=[PageQuery])
    def get(self, request: Request) -> Response:
        return self.list(request)


class MethodDetail(APIView):
    @extend_schema(responses=MethodSerializer)
    def get(self, request: Request, name: str) -> Response:
        """With the JSON Schema of its config."""
        return Response(MethodSerializer(get_object_or_404(Method, pk=name)).data)

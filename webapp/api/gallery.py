"""The gallery by outcome over REST, and the job that explains what is shown there."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.evaluation.settings import LARGEST_THRESHOLD
from webapp.api.authentication import caller
from webapp.api.fields import ObjectField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.requests import Known, read_body, read_query
from webapp.results.studies.choice import scored_run
from webapp.results.studies.gallery import MOST_SHOWN, N_SHOWN, Gallery, Outcome
from webapp.results.studies.operating_points import Explorer, Wish


class GalleryQuery(Known):
    threshold = serializers.FloatField(
        required=False,
        min_value=-LARGEST_THRESHOLD,
        max_value=LARGEST_THRESHOLD,
        help_text="The run's leading one when left out.",
    )
    label = serializers.CharField(  # type: ignore[assignment]  # a field's own name for people
        required=False, max_length=200, default="", allow_blank=True,
        help_text="Of events of this class alone, or normal.",
    )  # fmt: skip
    most = serializers.IntegerField(
        min_value=1, max_value=MOST_SHOWN, default=N_SHOWN, help_text="Of each outcome."
    )


class ShownSerializer(serializers.Serializer[Any]):
    video_id = serializers.CharField()
    video_name = serializers.CharField()
    start_frame = serializers.IntegerField()
    end_frame = serializers.IntegerField(help_text="The one after the last.")
    labels = serializers.ListField(child=serializers.CharField())
    peak_frame = serializers.IntegerField(
        allow_null=True, help_text="The one that scores highest; null where none has a score."
    )
    score = serializers.FloatField(allow_null=True, help_text="Of that frame.")
    frames = serializers.ListField(
        child=serializers.IntegerField(), help_text="That the page shows."
    )
    explanation = ObjectField(
        allow_null=True,
        help_text="kind, target and layer of the maps of that frame, as "
        "`GET /runs/{run_id}/explanations/{video_id}` takes them; null where there are none.",
    )


class GroupSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=[(each.value, each.label) for each in Outcome])
    n = serializers.IntegerField(help_text="Of all that came out so.")
    shown = ShownSerializer(many=True, help_text="The surest of them.")


class GallerySerializer(serializers.Serializer[Any]):
    run_id = serializers.CharField()
    threshold = serializers.FloatField()
    selected_on_test = serializers.BooleanField(
        help_text="The threshold, or the checkpoint that was scored."
    )
    labels = serializers.ListField(child=serializers.CharField(), help_text="To choose from.")
    n_missing = serializers.IntegerField(
        help_text="Parts without maps that a POST would have explained, 12 at most."
    )
    why_not = serializers.CharField(
        help_text="Why no maps can be made on demand; empty where they can."
    )
    groups = GroupSerializer(many=True)


class OutcomeGallery(APIView):
    @extend_schema(parameters=[GalleryQuery], responses=GallerySerializer)
    def get(self, request: Request, run_id: str) -> Response:
        """True and false positives and negatives at a threshold, the surest of each."""
        found = _gallery(request, run_id, read_query(GalleryQuery, request))
        return Response(GallerySerializer(found.to_json()).data)

    @extend_schema(request=GalleryQuery, responses={202: JobSerializer})
    def post(self, request: Request, run_id: str) -> Response:
        """Explain what is shown there without maps, in one job and 12 parts at most."""
        found = _gallery(request, run_id, read_body(GalleryQuery, request))
        return accepted(found.explain_missing(by=caller(request)))


def _gallery(request: Request, run_id: str, wanted: dict[str, Any]) -> Gallery:
    explorer = Explorer(
        scored_run(request._request, run_id), Wish(threshold=wanted.get("threshold"))
    )
    return Gallery(explorer, label=wanted["label"], most=wanted["most"])

"""Feature sets over REST."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.data.features import provenance
from ml.data.features.layouts import titles
from ml.data.features.lengths import IN_WORDS
from webapp.accounts.permissions import Permission, require
from webapp.api import idempotency
from webapp.api.accounts import PersonSerializer
from webapp.api.authentication import caller
from webapp.api.datasets import FindingSerializer
from webapp.api.fields import ObjectField
from webapp.api.jobs import JobSerializer, accepted
from webapp.api.lists import ListView
from webapp.api.requests import Known, OrderedQuery, PageQuery, read_body
from webapp.api.stages import StageSerializer
from webapp.datasets import extracted, extraction, features, recipes
from webapp.datasets.models import Dataset, Extractor, FeatureSet
from webapp.deleting.services import delete_feature_set
from webapp.jobs.models import Job, Stage


class Provenance(serializers.Serializer[Any]):
    """How features were made. Frame rate, stack and rule of rows explain how many there are."""

    resize = serializers.CharField(max_length=provenance.MAX_LENGTH, required=False)
    normalisation = serializers.CharField(max_length=provenance.MAX_LENGTH, required=False)
    crop_order = serializers.ChoiceField(list(provenance.CROP_ORDERS), required=False)
    snippet_rule = serializers.ChoiceField(list(IN_WORDS), required=False)
    stack = serializers.IntegerField(
        min_value=1,
        max_value=provenance.MOST_FRAMES,
        required=False,
        help_text="Frames seen for a row, where rows overlap.",
    )
    frame_rate = serializers.FloatField(
        max_value=provenance.MOST_RATE,
        required=False,
        help_text="Frames per second at which they were taken, where the video has another rate.",
    )

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """With what is not known here, which the service refuses by name."""
        known: dict[str, Any] = super().to_internal_value(data)
        return dict(data) | known


class NewFeatureSet(Known):
    name = serializers.CharField(
        max_length=features.MAX_NAME_LENGTH, help_text="The same again is the next version."
    )
    folder = serializers.CharField(
        max_length=1000,
        help_text="On the server, below one of its data roots, with the files of all videos.",
    )
    extractor = serializers.CharField(
        max_length=features.MAX_EXTRACTOR_LENGTH, help_text="The network that made them."
    )
    frames_per_row = serializers.IntegerField(
        min_value=1, max_value=features.MOST_FRAMES_PER_ROW, default=16
    )
    weights_sha256 = serializers.CharField(max_length=64, default="", allow_blank=True)
    preprocessing = serializers.CharField(
        max_length=features.MAX_DESCRIPTION_LENGTH, default="", allow_blank=True
    )
    layout = serializers.ChoiceField(
        list(titles()), default="", allow_blank=True, help_text="Empty: found by names of files."
    )
    provenance = Provenance(required=False)
    compare_with = serializers.CharField(
        max_length=36,
        default="",
        allow_blank=True,
        help_text="Another feature set of the dataset: the report says how alike rows are.",
    )


class NewExtraction(Known):
    name = serializers.CharField(
        max_length=features.MAX_NAME_LENGTH, help_text="The same again is the next version."
    )
    extractor = serializers.PrimaryKeyRelatedField(
        queryset=Extractor.objects.all(), help_text="Name of one of `GET /api/v1/extractors`."
    )
    options = serializers.DictField(
        required=False, help_text="Of the extractor; those left out keep their default."
    )
    weights = serializers.CharField(
        max_length=1000,
        default="",
        allow_blank=True,
        help_text="Of an extractor that takes some: a file below one of the server's data roots.",
    )
    frames_per_row = serializers.IntegerField(
        min_value=1, max_value=recipes.MOST_FRAMES_PER_ROW, default=16
    )
    remainder = serializers.ChoiceField(
        list(recipes.REMAINDERS),
        default="drop",
        help_text="Of frames too few for another row; repeat: their last one until they suffice.",
    )
    queue = serializers.ChoiceField(
        choices=Job.Queue.choices, default="", allow_blank=True, help_text="Empty: what suits."
    )


class FeatureSetSerializer(serializers.ModelSerializer[FeatureSet]):
    preprocessing = ObjectField()
    provenance = ObjectField()
    layout = serializers.CharField(help_text="How files lie: once the set is ready, as found.")
    health = ObjectField(
        help_text="Norms, zero rows, dead dimensions, signs, rules of rows, and the comparison "
        "with another set, once the set is ready."
    )
    report = FindingSerializer(many=True, source="findings")
    state = serializers.CharField(
        help_text="reading (being made, where it is made here), failed or ready."
    )
    recipe = ObjectField(
        help_text="How it is made here: extractor with version, options and facts, weights, rule; "
        "empty where people brought it."
    )
    created_by = PersonSerializer(allow_null=True)
    url = serializers.SerializerMethodField()
    job_url = serializers.SerializerMethodField()

    class Meta:
        model = FeatureSet
        fields = [
            "id", "dataset_id", "name", "version", "state", "extractor", "weights_sha256",
            "recipe", "preprocessing", "provenance", "layout", "frames_per_row", "n_crops",
            "dimension", "health", "report", "content_hash", "created_by", "created_at", "url",
            "job_url",
        ]  # fmt: skip

    def get_url(self, feature_set: FeatureSet) -> str:
        return reverse("api:feature_set", args=[feature_set.pk])

    def get_job_url(self, feature_set: FeatureSet) -> str | None:
        return reverse("api:job", args=[feature_set.job_id]) if feature_set.job_id else None


class DatasetFeatureSets(ListView[FeatureSet]):
    serializer_class = FeatureSetSerializer
    query_form = OrderedQuery

    def get_queryset(self) -> QuerySet[FeatureSet]:
        dataset = _dataset(self.request, self.kwargs["dataset_id"])
        sets = dataset.feature_sets.select_related("job", "created_by")
        return sets.order_by(OrderedQuery.ORDERS[self.wanted["order"]])

    @extend_schema(parameters=[OrderedQuery])
    def get(self, request: Request, dataset_id: str) -> Response:
        """What runs of methods that read features can be given."""
        return self.list(request)

    @extend_schema(
        request=NewFeatureSet, responses={202: JobSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Register a folder of features in place and read what its files hold."""
        dataset = _dataset(request, dataset_id)
        require(caller(request), Permission.DATASET_IMPORT, team=dataset.team)
        return idempotency.answer_once(request, partial(_import, request, dataset))


def _import(request: Request, dataset: Dataset) -> Response:
    wanted: dict[str, Any] = read_body(NewFeatureSet, request)
    feature_set = features.import_features(dataset=dataset, **wanted, by=caller(request))
    assert feature_set.job is not None, "an import begins with its job"
    return accepted(feature_set.job)


class ExtractorSerializer(serializers.ModelSerializer[Extractor]):
    schema = ObjectField(help_text="JSON Schema of the options.")
    lacks = serializers.CharField(help_text="Why no worker can use it, in a sentence; or empty.")

    class Meta:
        model = Extractor
        fields = [
            "name", "title", "summary", "source", "licence", "version", "preprocessing",
            "takes_weights", "weights_wanted", "weights_sha256", "lacks", "dimension", "n_crops",
            "schema", "published_at",
        ]  # fmt: skip


class Extractors(ListView[Extractor]):
    """Published by the workers; the same for all teams."""

    serializer_class = ExtractorSerializer

    def get_queryset(self) -> QuerySet[Extractor]:
        return Extractor.objects.order_by("name")

    @extend_schema(parameters=[PageQuery])
    def get(self, request: Request) -> Response:
        """What can make features here."""
        return self.list(request)


class DatasetExtraction(APIView):
    @extend_schema(
        request=NewExtraction, responses={202: JobSerializer}, parameters=[idempotency.PARAMETER]
    )
    def post(self, request: Request, dataset_id: str) -> Response:
        """Make features of the dataset's videos. Several jobs may share them: the answer is the
        first, and its result_url the set."""
        dataset = _dataset(request, dataset_id)
        require(caller(request), Permission.DATASET_IMPORT, team=dataset.team)
        return idempotency.answer_once(request, partial(_extract, request, dataset))


def _extract(request: Request, dataset: Dataset) -> Response:
    wanted: dict[str, Any] = read_body(NewExtraction, request)
    feature_set = extraction.extract(dataset=dataset, **wanted, by=caller(request))
    assert feature_set.job is not None, "it begins with its job"
    return accepted(feature_set.job)


class FeatureSetWithStages(FeatureSetSerializer):
    stages = serializers.SerializerMethodField()
    made_with = serializers.SerializerMethodField()

    class Meta(FeatureSetSerializer.Meta):
        fields = [*FeatureSetSerializer.Meta.fields, "stages", "made_with"]

    @extend_schema_field(StageSerializer(many=True))
    def get_stages(self, feature_set: FeatureSet) -> Any:
        """Its making here, with the shards that jobs do; empty where people brought it."""
        stages = Stage.objects.filter(subject_id=feature_set.pk).prefetch_related("shards__job")
        return StageSerializer(stages, many=True).data

    @extend_schema_field(serializers.ListField(child=ObjectField()))
    def get_made_with(self, feature_set: FeatureSet) -> list[dict[str, Any]]:
        """Code, packages and devices that made it; more than one where workers are not alike."""
        return extracted.made_with(feature_set)


class FeatureSetDetail(APIView):
    @extend_schema(responses=FeatureSetWithStages)
    def get(self, request: Request, feature_set_id: str) -> Response:
        """With the report of what did not fit."""
        return Response(FeatureSetWithStages(_feature_set(request, feature_set_id)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, feature_set_id: str) -> Response:
        """Files that people brought stay where they are; those made here go, unless another set
        uses them. 409 and the reasons where it is held. A token needs scope manage."""
        feature_set = _feature_set(request, feature_set_id)
        delete_feature_set(feature_set=feature_set, by=caller(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class FeatureSetReadAgain(APIView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, feature_set_id: str) -> Response:
        """Read the files once more after a bad end. Where there was none: 409."""
        feature_set = _feature_set(request, feature_set_id)
        return accepted(features.read_again(feature_set=feature_set, by=caller(request)))


class FeatureSetCancel(APIView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, feature_set_id: str) -> Response:
        """End its making here; what is made of videos so far stays. Where nothing goes on: 409."""
        feature_set = _feature_set(request, feature_set_id)
        extraction.cancel(feature_set=feature_set, by=caller(request))
        feature_set.refresh_from_db(fields=["job"])
        assert feature_set.job is not None, "what can be cancelled has a job"
        return accepted(feature_set.job)


class FeatureSetResume(APIView):
    @extend_schema(request=None, responses={202: JobSerializer})
    def post(self, request: Request, feature_set_id: str) -> Response:
        """Go on with its making here after a bad end. Where there was none: 409."""
        feature_set = _feature_set(request, feature_set_id)
        return accepted(extraction.resume(feature_set=feature_set, by=caller(request)))


def _feature_set(request: Request, feature_set_id: str) -> FeatureSet:
    visible = FeatureSet.objects.visible_to(request.user)
    known = visible.select_related("dataset__team", "job", "created_by")
    return get_object_or_404(known, pk=feature_set_id)


def _dataset(request: Request, dataset_id: str) -> Dataset:
    return get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)

"""What the API takes. A field or parameter that is not named here is refused."""

from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from webapp.accounts.models import ApiToken
from webapp.accounts.services import DEFAULT_TOKEN_DAYS, LONGEST_TOKEN_DAYS
from webapp.datasets.models import Dataset, FrameNumbers, Split, Video
from webapp.datasets.services import MAX_LABELS
from webapp.datasets.survey import MAX_LABEL_LENGTH
from webapp.jobs.models import Job
from webapp.runs.models import Method, Run

DEFAULT_LIMIT = 50
MAX_LIMIT = 500
MAX_LOG_BYTES = 262_144
MAX_OFFSET = 2**53  # what every JSON reader holds exactly


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


class NewToken(Known):
    name = serializers.CharField(max_length=80)
    scope = serializers.ChoiceField(choices=ApiToken.Scope.choices)
    expires_in_days = serializers.IntegerField(
        min_value=1, max_value=LONGEST_TOKEN_DAYS, default=DEFAULT_TOKEN_DAYS
    )


def normal_labels_field(**options: Any) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.CharField(max_length=MAX_LABEL_LENGTH),
        max_length=MAX_LABELS,
        help_text="Labels that are normal here, beside those that say so in themselves.",
        **options,
    )


class NewDataset(Known):
    name = serializers.CharField(max_length=120)
    folder = serializers.CharField(
        max_length=1000, help_text="On the server, below one of its data roots."
    )
    description = serializers.CharField(max_length=10_000, default="", allow_blank=True)
    normal_labels = normal_labels_field(default=list)


class NormalLabels(Known):
    normal_labels = normal_labels_field()


class ImportQuery(Known):
    frame_numbers = serializers.ChoiceField(
        choices=FrameNumbers.choices,
        allow_blank=True,
        required=False,
        help_text="order: pictures of folders count as they lie, whatever numbers are in their "
        "names. Stays so until it is said otherwise.",
    )


class RunOfSplit(Known):
    dataset = VisibleField(queryset=Dataset.objects.all())
    split = serializers.CharField(
        max_length=36, required=False, help_text="The dataset's newest when left out."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        splits = Split.objects.filter(dataset=attrs["dataset"])
        wanted = attrs.get("split")
        attrs["split"] = (splits.filter(pk=wanted) if wanted else splits).first()
        if attrs["split"] is None:
            raise serializers.ValidationError({"split": "the dataset has no such split"})
        return attrs


class NewRun(RunOfSplit):
    method = serializers.PrimaryKeyRelatedField(queryset=Method.objects.all())
    config = serializers.DictField(default=dict, help_text="Fields left out get their defaults.")
    seed = serializers.IntegerField(min_value=0, max_value=2**32 - 1, default=0)
    name = serializers.CharField(max_length=160, default="", allow_blank=True)
    selection = serializers.ChoiceField(
        choices=list(Run.HONEST_SELECTIONS), default=Run.Selection.LAST
    )
    queue = serializers.ChoiceField(choices=["", *Job.Queue.values], default="", allow_blank=True)


class PageQuery(Known):
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT)
    cursor = serializers.CharField(required=False, help_text="Found in `next` of the page before.")


class OrderedQuery(PageQuery):
    """Ids grow with time, so that they give the order of creation and are unique."""

    ORDERS = {"-created_at": "-id", "created_at": "id"}
    order = serializers.ChoiceField(choices=list(ORDERS), default="-created_at")


class VideoQuery(PageQuery):
    status = serializers.ChoiceField(choices=Video.Status.choices, required=False)
    label = serializers.CharField(max_length=80, required=False)  # type: ignore[assignment]


class RunQuery(OrderedQuery):
    dataset = serializers.CharField(max_length=36, required=False)
    method = serializers.CharField(max_length=60, required=False)
    sweep = serializers.CharField(max_length=36, required=False)
    status = serializers.ChoiceField(choices=Run.STATES, required=False)


class LogQuery(Known):
    after = serializers.IntegerField(min_value=0, max_value=MAX_OFFSET, default=0)
    limit = serializers.IntegerField(min_value=1, max_value=MAX_LOG_BYTES, default=65_536)

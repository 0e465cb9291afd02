"""What the API takes to bring or make a split."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from ml.splits.making import MAX_FOLDS
from ml.splits.tables import GROUP_KINDS
from webapp.api.requests import Known
from webapp.datasets.models import Part, Split
from webapp.datasets.splits import MAX_NAME_LENGTH, GivenList


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


def as_given(file: dict[str, Any]) -> GivenList:
    return GivenList(name=file["name"], part=file.get("part", ""), data=file["text"].encode())

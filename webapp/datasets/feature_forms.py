"""What people type to register a folder of features."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from ml.data.features.layouts import titles
from ml.data.features.lengths import IN_WORDS
from ml.data.features.provenance import (
    CHECKS,
    CROP_ORDERS,
    MAX_LENGTH,
    MOST_FRAMES,
    MOST_RATE,
)
from webapp.datasets.features import (
    MAX_DESCRIPTION_LENGTH,
    MAX_EXTRACTOR_LENGTH,
    MAX_NAME_LENGTH,
    MOST_FRAMES_PER_ROW,
)
from webapp.datasets.models import Dataset

LESS_ASKED = ("weights_sha256", "compare_with", *CHECKS)


class FeatureSetForm(forms.Form):
    """Its answers are the arguments of `features.import_features`."""

    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_NAME_LENGTH,
        help_text=_("The same name again is the next version of the set."),
    )
    folder = forms.CharField(
        label=_("Folder"),
        max_length=1000,
        help_text=_("On the server. Nothing is copied."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "folders"}),
    )
    layout = forms.ChoiceField(
        label=_("How files lie"),
        required=False,
        choices=lambda: [("", _("Found by their names")), *titles().items()],
    )
    extractor = forms.CharField(
        label=_("What made them"),
        max_length=MAX_EXTRACTOR_LENGTH,
        help_text=_("Such as “I3D-ResNet50, Kinetics-400”."),
    )
    frames_per_row = forms.IntegerField(
        label=_("Frames of a row"),
        min_value=1,
        max_value=MOST_FRAMES_PER_ROW,
        initial=16,
        help_text=_("From the beginning of a row to that of the next."),
    )
    stack = forms.IntegerField(
        label=_("Frames seen for a row"),
        min_value=1,
        max_value=MOST_FRAMES,
        required=False,
        help_text=_("Where rows overlap."),
    )
    frame_rate = forms.FloatField(
        label=_("Frames per second"),
        max_value=MOST_RATE,
        required=False,
        help_text=_("At which frames were taken, where that is not the video's own rate."),
    )
    snippet_rule = forms.ChoiceField(
        label=_("Rows of a video"),
        required=False,
        choices=[("", _("As the layout has them")), *IN_WORDS.items()],
    )
    weights_sha256 = forms.CharField(
        label=_("SHA-256 of its weights"),
        max_length=64,
        required=False,
        help_text=_("Where you know it."),
    )
    preprocessing = forms.CharField(
        label=_("How frames were prepared"),
        max_length=MAX_DESCRIPTION_LENGTH,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Size, crops and their order, means and deviations."),
    )
    resize = forms.CharField(label=_("Resized to"), max_length=MAX_LENGTH, required=False)
    normalisation = forms.CharField(
        label=_("Pixels normalised by"),
        max_length=MAX_LENGTH,
        required=False,
        help_text=_("Means and deviations, or a range."),
    )
    crop_order = forms.ChoiceField(
        label=_("Order of crops"),
        required=False,
        choices=[("", _("Not known")), *CROP_ORDERS.items()],
    )
    compare_with = forms.ChoiceField(
        label=_("Compare with"),
        required=False,
        help_text=_("Another set of these videos: how alike rows are is told in the findings."),
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(each.pk, str(each)) for each in dataset.feature_sets.ready()]
        choices = self.fields["compare_with"]
        assert isinstance(choices, forms.ChoiceField), "it is declared so above"
        choices.choices = [("", _("Nothing")), *known]

    def main(self) -> list[forms.BoundField]:
        return [field for field in self if field.name not in LESS_ASKED]

    def more(self) -> list[forms.BoundField]:
        """What few need, shown on demand."""
        return [field for field in self if field.name in LESS_ASKED]

    def has_odd_more(self) -> bool:
        return any(name in self.errors for name in LESS_ASKED)

    def answers(self) -> dict[str, Any]:
        """Of a valid form: facts of how features were made stand together."""
        given = dict(self.cleaned_data)
        facts = {key: given.pop(key) for key in CHECKS}
        return given | {"provenance": facts}

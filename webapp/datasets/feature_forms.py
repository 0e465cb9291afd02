"""What people type to register a folder of features."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from webapp.datasets.features import (
    MAX_DESCRIPTION_LENGTH,
    MAX_EXTRACTOR_LENGTH,
    MAX_NAME_LENGTH,
    MOST_FRAMES_PER_ROW,
)


class FeatureSetForm(forms.Form):
    """Its fields are the arguments of `features.import_features`."""

    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_NAME_LENGTH,
        help_text=_("The same name again is the next version of the set."),
    )
    folder = forms.CharField(
        label=_("Folder"),
        max_length=1000,
        help_text=_("On the server, with one .npy file for each video. Nothing is copied."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "folders"}),
    )
    extractor = forms.CharField(
        label=_("What made them"),
        max_length=MAX_EXTRACTOR_LENGTH,
        help_text=_("Such as “I3D-ResNet50, Kinetics-400”."),
    )
    frames_per_row = forms.IntegerField(
        label=_("Frames of a row"), min_value=1, max_value=MOST_FRAMES_PER_ROW, initial=16
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

"""What people choose to have persons found with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from webapp.common import schema as schemas
from webapp.common.config import DETECTOR, problems_of
from webapp.common.config_fields import ConfigField, grouped, typed_in, unticked_boxes
from webapp.common.errors import UserError
from webapp.datasets.models import Detector
from webapp.datasets.regions import MAX_NAME_LENGTH


class DetectionForm(forms.Form):
    """Its answers, with options and files, are the arguments of `detection.detect`."""

    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_NAME_LENGTH,
        initial="persons",
        help_text=_("The same name again is the next version of the set."),
    )

    def __init__(self, data: Mapping[str, str] | None = None, *, detector: Detector) -> None:
        super().__init__(data)
        self.detector = detector
        self.problems: dict[str, str] = {}
        self.typed = typed_in(data or {})
        if data is not None:
            self.typed = unticked_boxes(detector.schema) | self.typed
        for name, wanted in detector.files.items():
            self.fields[name] = forms.CharField(
                label=name.capitalize(),
                max_length=1000,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off", "list": "folders"}),
                help_text=_("On the server, where all workers see it: %s.") % wanted,
            )

    @property
    def paths(self) -> dict[str, str]:
        return {name: self.cleaned_data.get(name, "") for name in self.detector.files}

    @property
    def options(self) -> dict[str, Any]:
        """What was typed, as values."""
        return schemas.config_of_texts(self.detector.schema, self.typed)

    @property
    def groups(self) -> dict[str, list[ConfigField]]:
        """The detector's options under the titles of their groups."""
        return grouped(self.detector.schema, self.typed, self.problems)

    def clean(self) -> dict[str, Any]:
        self.problems = problems_of(self.detector.schema, self.options, of=DETECTOR)
        if self.problems:
            raise forms.ValidationError(_("Some options of the detector need another value."))
        return self.cleaned_data

    def show_error(self, error: UserError) -> None:
        """Put the sentence next to the field that it is about."""
        self.problems |= getattr(error, "problems", {})
        self.add_error(error.field if error.field in self.fields else None, error.sentence)

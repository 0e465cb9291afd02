"""What people choose to have features made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from webapp.common import schema as schemas
from webapp.common.config import EXTRACTOR, problems_of
from webapp.common.config_fields import ConfigField, grouped, typed_in, unticked_boxes
from webapp.common.errors import UserError
from webapp.datasets.features import MAX_NAME_LENGTH
from webapp.datasets.models import Extractor
from webapp.datasets.recipes import REMAINDERS, lengths_of
from webapp.jobs.models import Job


class ExtractionForm(forms.Form):
    """Its answers, with the options, are the arguments of `extraction.extract`."""

    name = forms.CharField(
        label=_("Name"),
        max_length=MAX_NAME_LENGTH,
        help_text=_("The same name again is the next version of the set."),
    )
    weights = forms.CharField(
        label=_("File of weights"),
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "folders"}),
    )
    frames_per_row = forms.IntegerField(label=_("Frames of a row"), initial=16)
    remainder = forms.ChoiceField(
        label=_("Frames too few for a last row"),
        choices=list(REMAINDERS.items()),
        initial="drop",
        help_text=_("Most published features leave them out. A short video has one row."),
    )
    queue = forms.ChoiceField(
        label=_("Queue"), required=False, choices=[("", _("whichever suits")), *Job.Queue.choices]
    )

    def __init__(self, data: Mapping[str, str] | None = None, *, extractor: Extractor) -> None:
        super().__init__(data, initial={"name": extractor.pk})
        self.extractor = extractor
        self.problems: dict[str, str] = {}
        self.typed = typed_in(data or {})
        if data is not None:
            self.typed = unticked_boxes(extractor.schema) | self.typed
        fewest, most = lengths_of(extractor)
        allowed = _("%(fewest)s to %(most)s.") if fewest < most else _("%(most)s.")
        self.fields["frames_per_row"].help_text = allowed % {"fewest": fewest, "most": most}
        if extractor.takes_weights:
            where = _("On the server, where all workers see it: %s.") % extractor.weights_wanted
            self.fields["weights"].help_text = where
        else:
            del self.fields["weights"]

    @property
    def options(self) -> dict[str, Any]:
        """What was typed, as values."""
        return schemas.config_of_texts(self.extractor.schema, self.typed)

    @property
    def groups(self) -> dict[str, list[ConfigField]]:
        """The extractor's options under the titles of their groups."""
        return grouped(self.extractor.schema, self.typed, self.problems)

    def clean(self) -> dict[str, Any]:
        self.problems = problems_of(self.extractor.schema, self.options, of=EXTRACTOR)
        if self.problems:
            raise forms.ValidationError(_("Some options of the extractor need another value."))
        return self.cleaned_data

    def show_error(self, error: UserError) -> None:
        """Put the sentence next to the field that it is about."""
        self.problems |= getattr(error, "problems", {})
        self.add_error(error.field if error.field in self.fields else None, error.sentence)

"""What people type to register a dataset, and to narrow its grid of videos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from webapp.common.errors import UserError
from webapp.datasets.folders import data_roots
from webapp.datasets.models import Dataset, FrameNumbers, Part, Video, VideoQuerySet
from webapp.datasets.published import PRESETS
from webapp.datasets.services import labels_in


def normal_labels_field() -> forms.CharField:
    return forms.CharField(
        label=_("Labels that are normal here"),
        required=False,
        help_text=_(
            "Separated by commas. Labels such as normal, background or 正常 are known: these are "
            "the dataset's own, such as walking."
        ),
    )


class DatasetForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    root = forms.ChoiceField(
        label=_("Server folder"), help_text=_("The folders that this server shares.")
    )
    folder = forms.CharField(
        label=_("Folder below it"),
        required=False,
        help_text=_("Leave empty for the whole server folder. Nothing is copied or changed."),
        widget=forms.TextInput(attrs={"list": "folders", "autocomplete": "off"}),
    )
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    normal_labels = normal_labels_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roots = self.fields["root"]
        assert isinstance(roots, forms.ChoiceField)
        roots.choices = [(str(root), str(root)) for root in data_roots()]

    def submission(self) -> dict[str, Any]:
        """Arguments of `services.create_dataset`."""
        answers = self.cleaned_data
        return {
            "name": answers["name"],
            "folder": str(Path(answers["root"]) / answers["folder"]),
            "description": answers["description"],
            "normal_labels": labels_in(answers["normal_labels"]),
        }


class PublishedForm(DatasetForm):
    """A folder of features of a benchmark, without its videos."""

    benchmark = forms.ChoiceField(
        label=_("Benchmark"), choices=[(slug, each.title) for slug, each in PRESETS.items()]
    )
    normal_labels = None  # type: ignore[assignment]
    field_order = ["benchmark", "name", "root", "folder", "description"]

    def submission(self) -> dict[str, Any]:
        """Arguments of `published.create_published_dataset`."""
        answers = self.cleaned_data
        return {
            "name": answers["name"],
            "benchmark": answers["benchmark"],
            "folder": str(Path(answers["root"]) / answers["folder"]),
            "description": answers["description"],
        }


class ImportAgainForm(forms.Form):
    """`frame_numbers` is only sent by somebody who decides about it."""

    frame_numbers = forms.ChoiceField(choices=[("", ""), *FrameNumbers.choices], required=False)

    def decision(self) -> str | None:
        """Raise UserError for one that does not exist."""
        if "frame_numbers" not in self.data:
            return None
        if not self.is_valid():
            raise UserError(str(self.errors["frame_numbers"][0]), field="frame_numbers")
        return str(self.cleaned_data["frame_numbers"])


class VideoFilterForm(forms.Form):
    """Choices that do not exist are left out of the filter, so that old links still work."""

    part = forms.ChoiceField(
        label=_("Part"), required=False, widget=forms.Select(attrs={"data-filter": True})
    )
    label = forms.ChoiceField(label=_("Label"), required=False)
    status = forms.ChoiceField(label=_("Status"), required=False)

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer("part", Part.choices, everything=_("All parts"))
        self._offer(
            "label", [(label, label) for label in dataset.labels], everything=_("All labels")
        )
        self._offer("status", Video.Status.choices, everything=_("Ready and rejected"))

    def _offer(self, name: str, choices: list[Any], *, everything: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", everything), *choices]

    def chosen(self) -> dict[str, str]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}

    def narrow(self, videos: VideoQuerySet) -> VideoQuerySet:
        chosen = self.chosen()
        videos = videos if "status" in chosen else videos.current()
        return videos.filter(**chosen)

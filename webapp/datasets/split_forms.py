"""What people type to bring a split, to make one, and to say what videos share."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from ml.splits.making import MAX_FOLDS
from webapp.datasets.models import Dataset, Part, Split
from webapp.datasets.splits import MAX_FILE_BYTES, MAX_NAME_LENGTH, GivenList

LARGEST_SEED = 2**32 - 1  # what NumPy takes
HELD_OUT_BY = [
    ("source", _("Source recording")),
    ("camera", _("Camera")),
    ("actor", _("Person")),
    ("", _("Nothing: every video for itself")),
]


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """As many files as one likes, cleaned to a list."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile]:
        single = super().clean
        given = data if isinstance(data, (list, tuple)) else [data]
        return [single(each, initial) for each in given if each]


class SplitImportForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=MAX_NAME_LENGTH)
    train = SeveralFilesField(label=_("Training lists"), required=False)
    validation = SeveralFilesField(label=_("Validation lists"), required=False)
    test = SeveralFilesField(label=_("Test lists"), required=False)
    tables = SeveralFilesField(
        label=_("Lists that say the part themselves"),
        required=False,
        help_text=_("Such as tables with a column subset. Several of them are folds."),
    )

    def lists(self) -> list[GivenList]:
        return [
            given_list(file, part)
            for field, part in [*((part, part) for part in Part.values), ("tables", "")]
            for file in self.cleaned_data[field]
        ]


class SplitMakeForm(forms.Form):
    """Either folds, or validation videos taken out of another split's training part."""

    name = forms.CharField(label=_("Name"), max_length=MAX_NAME_LENGTH)
    kind = forms.ChoiceField(
        label=_("Make"),
        choices=[
            ("folds", _("Folds for cross-validation, over all videos")),
            ("validation", _("Validation videos, held out of a split's normal training videos")),
            ("both", _("Normal and abnormal validation videos, for weak and full supervision")),
        ],
    )
    held_out_by = forms.ChoiceField(
        label=_("Keep together by"),
        choices=HELD_OUT_BY,
        initial="source",
        required=False,
        help_text=_("Videos with the same one never lie in two parts."),
    )
    n_folds = forms.IntegerField(label=_("Folds"), min_value=2, max_value=MAX_FOLDS, initial=4)
    base = forms.ModelChoiceField(
        label=_("Split to start from"),
        queryset=Split.objects.none(),
        required=False,
        empty_label=_("The newest"),
    )
    percent = forms.FloatField(
        label=_("Share for validation in percent"), min_value=0.1, max_value=99, initial=15
    )
    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=LARGEST_SEED, initial=0)

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        base = self.fields["base"]
        assert isinstance(base, forms.ModelChoiceField)
        base.queryset = dataset.splits.all()

    def submission(self) -> dict[str, Any]:
        """Arguments of `splits.make_split`."""
        given = self.cleaned_data
        shared = {name: given[name] for name in ("name", "held_out_by", "seed")}
        if given["kind"] == "folds":
            return shared | {"n_folds": given["n_folds"]}
        return shared | {
            "validation_share": given["percent"] / 100,
            "with_abnormal": given["kind"] == "both",
            "base": given["base"],
        }


class GroupsForm(forms.Form):
    groups = forms.FileField(
        label=_("Table of groups"),
        help_text=_("CSV with the columns name, source, camera and actor, as many as you have."),
    )


def given_list(file: UploadedFile, part: str = "") -> GivenList:
    """One byte beyond the limit is enough to be refused."""
    return GivenList(name=str(file.name), data=file.read(MAX_FILE_BYTES + 1), part=part)

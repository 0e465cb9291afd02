"""What people type to bring ground truth, and to register videos that are not here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from webapp.datasets.annotation_imports import MAX_FILE_BYTES, Given
from webapp.datasets.forms import normal_labels_field
from webapp.datasets.listing import MAX_FPS
from webapp.datasets.models import Dataset, Split
from webapp.datasets.services import labels_in

AS_THE_FILE_SAYS = ("", _("as its format has it"))


class GroundTruthForm(forms.Form):
    file = forms.FileField(
        label=_("File"),
        required=False,
        help_text=_("Text, table, JSON, XML, .mat, .npy or .npz: what it is shows in its content."),
    )
    path = forms.CharField(
        label=_("Or a file or folder on the server"),
        required=False,
        help_text=_("Below one of the folders that this server shares."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    split = forms.ModelChoiceField(
        label=_("Videos that a file without names goes through"),
        queryset=Split.objects.none(),
        required=False,
        empty_label=_("the test videos of the newest split"),
        help_text=_("In the order of that split's list."),
    )
    base = forms.ChoiceField(
        label=_("Its first frame is"),
        choices=[AS_THE_FILE_SAYS, ("0", _("frame 0")), ("1", _("frame 1"))],
        required=False,
    )
    end = forms.ChoiceField(
        label=_("The end of an interval"),
        choices=[
            AS_THE_FILE_SAYS,
            ("inclusive", _("is its last abnormal frame")),
            ("exclusive", _("is the first normal frame after it")),
        ],
        required=False,
    )
    rate = forms.FloatField(
        label=_("Frames per second that it counts in"),
        required=False,
        min_value=0.001,
        max_value=MAX_FPS,
        help_text=_("Left empty: those of the videos."),
    )

    def __init__(self, *args: Any, dataset: Dataset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        split = self.fields["split"]
        assert isinstance(split, forms.ModelChoiceField)
        split.queryset = dataset.splits.all()

    def given(self) -> Given:
        answers = self.cleaned_data
        chosen = {
            "split": answers["split"].pk if answers["split"] else "",
            "base": int(answers["base"]) if answers["base"] else "",
            "end": answers["end"],
            "rate": answers["rate"] or "",
        }
        options = {name: value for name, value in chosen.items() if value != ""}
        if file := answers["file"]:
            return Given(name=str(file.name), data=read_bounded(file), options=options)
        path = answers["path"].strip()
        return Given(name=path.rstrip("/").rpartition("/")[2], path=path, options=options)


class ListedDatasetForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=120)
    file = forms.FileField(
        label=_("List of videos"),
        help_text=_(
            "A file that names each video with its number of frames: an annotation file that "
            "has both, a table with the columns name and n_frames, or an archive of arrays."
        ),
    )
    fps = forms.FloatField(
        label=_("Frames per second"), min_value=0.001, max_value=MAX_FPS, initial=30
    )
    description = forms.CharField(
        label=_("Description"), required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    normal_labels = normal_labels_field()

    def submission(self) -> dict[str, Any]:
        """Arguments of `listing.create_listed_dataset`."""
        answers = self.cleaned_data
        return {
            "name": answers["name"],
            "list_name": str(answers["file"].name),
            "data": read_bounded(answers["file"]),
            "fps": answers["fps"],
            "description": answers["description"],
            "normal_labels": labels_in(answers["normal_labels"]),
        }


def read_bounded(file: UploadedFile) -> bytes:
    """One byte beyond the limit is enough to be refused."""
    return bytes(file.read(MAX_FILE_BYTES + 1))

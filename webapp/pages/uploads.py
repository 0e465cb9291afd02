"""Pages that take scores made elsewhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from ml.records import MAX_FRAMES
from ml.scores.files import Layout
from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, require
from webapp.accounts.teams import current_team
from webapp.common.errors import UserError
from webapp.datasets.models import Split
from webapp.pages.form_choices import splits_of
from webapp.results.scores import uploads
from webapp.runs.models import SUPERVISION, Run

MAX_FILE_BYTES = 256 * 1024**2


class ScoresForm(forms.Form):
    """A score file, and what one score in it stands for."""

    scores = forms.FileField(
        label=gettext_lazy("Score file"),
        help_text=gettext_lazy(
            "npz, zip, JSON or CSV with the scores of each test video under its name, or one "
            "array with a score for each frame of all test videos: in the order of the list that "
            "the split was taken from, else of their names."
        ),
    )
    unit = forms.ChoiceField(
        label=gettext_lazy("One score stands for"),
        choices=[
            ("frame", gettext_lazy("one frame")),
            ("segment", gettext_lazy("a segment of some frames")),
            ("equal_segments", gettext_lazy("one of the equal parts of its video")),
            ("clip", gettext_lazy("its whole video")),
        ],
    )
    first_frame = forms.IntegerField(
        label=gettext_lazy("First frame with a score"),
        min_value=0,
        max_value=MAX_FRAMES,
        initial=0,
    )
    frames_per_value = forms.IntegerField(
        label=gettext_lazy("Frames per segment"), min_value=1, max_value=MAX_FRAMES, initial=1
    )
    missing_at_end = forms.IntegerField(
        label=gettext_lazy("Frames without a score at the end"),
        min_value=0,
        max_value=MAX_FRAMES,
        initial=0,
        required=False,
    )
    missing = forms.ChoiceField(
        label=gettext_lazy("Scores that are NaN, null, empty or left out"),
        choices=[
            ("", gettext_lazy("are a fault")),
            ("allowed", gettext_lazy("mean frames without a score")),
        ],
        required=False,
    )
    base = forms.TypedChoiceField(
        label=gettext_lazy("The file calls the first frame or segment"),
        choices=[
            ("", gettext_lazy("0 or 1, as its numbers tell")),
            ("0", "0"),
            ("1", "1"),
        ],
        coerce=int,
        empty_value=None,
        required=False,
    )
    tail = forms.ChoiceField(
        label=gettext_lazy("Frames after the last whole segment"),
        choices=[
            ("", gettext_lazy("have a score of their own, or there are none")),
            ("last", gettext_lazy("share the last score")),
            ("none", gettext_lazy("have no score")),
        ],
        required=False,
    )

    def clean_scores(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["scores"]
        if (file.size or 0) > MAX_FILE_BYTES:
            sentence = _("The file is larger than %d MiB.") % (MAX_FILE_BYTES // 1024**2)
            raise forms.ValidationError(sentence)
        return file

    def clean_missing_at_end(self) -> int:
        return self.cleaned_data["missing_at_end"] or 0

    def layout(self) -> Layout:
        names = (
            "unit", "first_frame", "missing_at_end", "frames_per_value", "tail", "missing", "base",
        )  # fmt: skip
        return Layout(**{name: self.cleaned_data[name] for name in names})

    def data_sent(self) -> bytes:
        return bytes(self.cleaned_data["scores"].read())


class UploadForm(ScoresForm):
    """A new run besides."""

    split = forms.ChoiceField(label=gettext_lazy("Scores are for the test videos of"))
    method_title = forms.CharField(label=gettext_lazy("Method"), max_length=120)
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=160,
        required=False,
        help_text=gettext_lazy("Left empty, it is named after method and dataset."),
    )
    supervision = forms.ChoiceField(
        label=gettext_lazy("Supervision"),
        choices=[("", gettext_lazy("not stated")), *SUPERVISION.items()],
        required=False,
    )
    features = forms.CharField(label=gettext_lazy("Features"), max_length=120, required=False)
    reference = forms.CharField(label=gettext_lazy("Paper or code"), max_length=300, required=False)
    selection = forms.ChoiceField(
        label=gettext_lazy("How its checkpoint was chosen"),
        choices=Run.Selection.choices,
        initial=Run.Selection.UNKNOWN,
    )
    seed = forms.IntegerField(label=gettext_lazy("Seed"), min_value=0, initial=0)
    field_order = [
        "split", "method_title", "scores", "unit", "frames_per_value", "tail", "first_frame",
        "missing_at_end", "missing", "base", "selection", "supervision", "features", "reference",
        "seed", "name",
    ]  # fmt: skip

    def __init__(self, *args: Any, splits: list[Split], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.splits = {split.pk: split for split in splits}
        choices = [(split.pk, f"{split.dataset.name} · {split}") for split in splits]
        self.fields["split"].choices = choices  # type: ignore[attr-defined]

    def run_facts(self) -> dict[str, Any]:
        names = (
            "method_title", "name", "supervision", "features", "reference", "selection", "seed",
        )  # fmt: skip
        split = self.splits[self.cleaned_data["split"]]
        facts = {name: self.cleaned_data[name] for name in names}
        return facts | {"split": split, "dataset": split.dataset}


@get_or_post
def new(request: AuthenticatedRequest) -> HttpResponse:
    """Facts about the method and its scores at once: both are stored, or neither."""
    require(request.user, Permission.RUN_SUBMIT, team=current_team(request))
    form = UploadForm(request.POST or None, request.FILES or None, splits=splits_of(request))
    if form.is_valid() and (run := _created(request, form)):
        return redirect(run)
    status = 422 if form.is_bound else 200
    return render(request, "results/upload.html", {"form": form}, status=status)


def _created(request: AuthenticatedRequest, form: UploadForm) -> Run | None:
    try:
        with transaction.atomic():
            run = uploads.create_uploaded_run(
                team=current_team(request), **form.run_facts(), by=request.user
            )
            return _stored(request, run, form)
    except UserError as error:
        show_error(form, error)
        return None


@require_POST
def add(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    """More scores for a run that waits for some."""
    runs = Run.objects.visible_to(request.user).for_list()
    run = get_object_or_404(runs.select_related("split", "team"), pk=run_id)
    require(request.user, Permission.RUN_SUBMIT, team=run.team)
    form = ScoresForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            return redirect(_stored(request, run, form))
        except UserError as error:
            show_error(form, error)
    context = {"form": form, "run": run}
    return render(request, "results/upload_more.html", context, status=422)


def _stored(request: AuthenticatedRequest, run: Run, form: ScoresForm) -> Run:
    reached = uploads.store_score_set(
        run=run, data=form.data_sent(), layout=form.layout(), by=request.user
    )
    for note in reached.notes:
        messages.info(request, note)
    if reached.is_complete:
        messages.success(request, _("%s is scored and evaluated.") % run)
    else:
        n = len(reached.missing)
        sentence = ngettext(
            "Stored. The scores of %d video are missing.",
            "Stored. The scores of %d videos are missing.",
            n,
        )
        messages.info(request, sentence % n)
    return run

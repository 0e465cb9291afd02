"""Weights that were trained elsewhere: their list, bringing some, and the page of one file."""

from __future__ import annotations

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.models import Team
from webapp.accounts.permissions import Permission, permissions_of, require
from webapp.accounts.teams import current_team
from webapp.common.errors import UserError
from webapp.common.schema import settings_of
from webapp.deleting.services import may_delete_run
from webapp.jobs.services import waiting_reason
from webapp.pages.forms.runs import address_to_score
from webapp.runs import published
from webapp.runs.models import Method, Run, Weights

PAGE_SIZE = 50
MOST_RUNS = 100  # that a page lists


class WeightsForm(forms.Form):
    """Its fields are arguments of `published.bring_weights`."""

    file = forms.FileField(
        label=gettext_lazy("File of weights"),
        help_text=gettext_lazy(
            "A state dict as torch saves it (.pth, .pt, .pkl, .ckpt), .safetensors, or .mat. A "
            "file that holds a whole pickled network is not read, since that could run any code."
        ),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=published.MAX_NAME_LENGTH,
        required=False,
        help_text=gettext_lazy("Left empty, it is called as the file is."),
    )
    method = forms.ModelChoiceField(
        Method.objects.order_by("title"),
        label=gettext_lazy("Method"),
        required=False,
        empty_label=gettext_lazy("whichever the file is of"),
    )
    source = forms.CharField(
        label=gettext_lazy("Paper or code"),
        max_length=published.MAX_SOURCE_LENGTH,
        required=False,
    )
    selection = forms.ChoiceField(
        label=gettext_lazy("How the checkpoint was chosen"),
        choices=Run.Selection.choices,
        initial=Run.Selection.UNKNOWN,
        help_text=gettext_lazy(
            "Authors mostly publish the one that was best on the test part, whose numbers flatter."
        ),
    )

    def clean_file(self) -> UploadedFile:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > published.MAX_FILE_BYTES:
            sentence = _("The file is larger than %d MiB.")
            raise forms.ValidationError(sentence % (published.MAX_FILE_BYTES // 1024**2))
        return file


@require_safe
def weights_list(request: AuthenticatedRequest) -> HttpResponse:
    """Newest first; `?after=` an id goes on below it."""
    team = current_team(request)
    visible = Weights.objects.visible_to(request.user).filter(team=team)
    if after := request.GET.get("after"):
        visible = visible.filter(pk__lt=after)
    page = list(visible.select_related("method", "job")[: PAGE_SIZE + 1])
    shown = page[:PAGE_SIZE]
    context = {
        "rows": shown,
        "next_after": shown[-1].pk if len(page) > PAGE_SIZE else None,
        "may_bring": Permission.RUN_SUBMIT in permissions_of(request.user, team=team),
    }
    return render(request, "runs/weights_list.html", context)


@get_or_post
def new(request: AuthenticatedRequest) -> HttpResponse:
    team = current_team(request)
    require(request.user, Permission.RUN_SUBMIT, team=team)
    form = WeightsForm(request.POST or None, request.FILES or None)
    if form.is_valid() and (weights := _brought(request, team, form)):
        return redirect(weights)
    status = 422 if form.is_bound else 200
    return render(request, "runs/new_weights.html", {"form": form}, status=status)


def _brought(request: AuthenticatedRequest, team: Team, form: WeightsForm) -> Weights | None:
    answers = dict(form.cleaned_data)
    file: UploadedFile = answers.pop("file")
    given = {"file_name": str(file.name), "data": file.read()}
    try:
        return published.bring_weights(team=team, **given, **answers, by=request.user)
    except UserError as error:
        show_error(form, error)
        return None


@require_safe
def detail(request: AuthenticatedRequest, weights_id: str) -> HttpResponse:
    visible = Weights.objects.visible_to(request.user)
    found = visible.select_related("team", "method", "job", "created_by")
    weights = get_object_or_404(found, pk=weights_id)
    granted = permissions_of(request.user, team=weights.team)
    job = weights.job
    context = {
        "weights": weights,
        "job": job,
        "reason": (waiting_reason(job) or job.reason) if job else "",
        "settings": settings_of(weights.method.schema, weights.config) if weights.method else [],
        "scored": weights.runs.for_list()[:MOST_RUNS],
        "begun": Run.objects.filter(starts_from__published=weights).for_list()[:MOST_RUNS],
        "score_url": address_to_score(weights),
        "may_submit": Permission.RUN_SUBMIT in granted,
        "may_delete": may_delete_run(weights, by=request.user, granted=granted),
    }
    return render(request, "runs/weights.html", context)

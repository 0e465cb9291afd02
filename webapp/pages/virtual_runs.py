"""Mixing runs into a virtual one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ml.scores.fusion import MAX_SMOOTHING_FRAMES
from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, require
from webapp.accounts.teams import current_team
from webapp.common.errors import UserError
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Run

MAX_OFFERED = 100


class MixForm(forms.Form):
    """What holds for the whole mix; the runs' own answers stand in the table of runs."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=160, required=False)
    smoothing = forms.ChoiceField(
        label=gettext_lazy("Smoothing"),
        choices=[
            ("none", gettext_lazy("none")),
            ("mean", gettext_lazy("moving mean")),
            ("gaussian", gettext_lazy("Gaussian")),
        ],
    )
    smoothing_frames = forms.FloatField(
        label=gettext_lazy("Frames"),
        help_text=gettext_lazy("Width of the moving mean, or standard deviation of the Gaussian."),
        min_value=0,
        max_value=MAX_SMOOTHING_FRAMES,
        initial=0,
    )


@get_or_post
def mix(request: AuthenticatedRequest) -> HttpResponse:
    """Choose runs with a weight and a calibration each. `?run=` ticks them in advance."""
    team = current_team(request)
    require(request.user, Permission.RUN_SUBMIT, team=team)
    form = MixForm(request.POST or None)
    if form.is_valid() and (run := _mixed(request, form)):
        return redirect(run)
    answers = request.POST if form.is_bound else request.GET
    runs = Run.objects.visible_to(request.user).filter(team=team).scored().for_list()
    context = {
        "form": form,
        "rows": [_row(run, answers) for run in runs.select_related("split")[:MAX_OFFERED]],
    }
    return render(request, "results/mix.html", context, status=422 if form.is_bound else 200)


def _mixed(request: AuthenticatedRequest, form: MixForm) -> Run | None:
    answers = form.cleaned_data
    try:
        run = create_virtual_run(
            team=current_team(request),
            name=answers["name"],
            recipe={
                "members": [
                    _member(run_id, request.POST) for run_id in request.POST.getlist("run")
                ],
                "smoothing": answers["smoothing"],
                "smoothing_frames": answers["smoothing_frames"],
            },
            by=request.user,
        )
    except UserError as error:
        show_error(form, error)
        return None
    messages.success(request, _("%s is there: its scores are computed as they are read.") % run)
    return run


def _member(run_id: str, answers: QueryDict) -> dict[str, Any]:
    weight = answers.get(f"weight-{run_id}", "1")
    try:
        return {
            "run": run_id,
            "weight": float(weight),
            "calibration": answers.get(f"calibration-{run_id}", "none"),
        }
    except ValueError as error:
        sentence = _("The weight “%s” is no number.")
        raise UserError(sentence % weight, field="recipe") from error


def _row(run: Run, answers: QueryDict) -> dict[str, Any]:
    return {
        "run": run,
        "is_chosen": run.pk in answers.getlist("run"),
        "weight": answers.get(f"weight-{run.pk}", "1"),
        "calibration": answers.get(f"calibration-{run.pk}", "none"),
    }

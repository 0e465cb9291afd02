"""Mixing runs into a virtual one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ml.scores.fusion import MAX_SMOOTHING_FRAMES
from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, require
from webapp.accounts.teams import current_team
from webapp.common.errors import UserError
from webapp.results.scores.combining import RULES
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Run, RunQuerySet

MAX_OFFERED = 100


class MixForm(forms.Form):
    """What holds for the whole mix; the runs' own answers stand in the table of runs."""

    rule = forms.ChoiceField(
        label=gettext_lazy("Rule"),
        required=False,
        choices=[
            ("", gettext_lazy("weights and calibrations as below")),
            *((name, rule.title) for name, rule in RULES.items()),
        ],
    )
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


def mix_address(runs: Iterable[str], *, rule: str = "mean") -> str:
    """Of the form with these runs ticked; empty where they are not several."""
    wanted = list(runs)
    query = urlencode({"run": wanted, "rule": rule}, doseq=True)
    return f"{reverse('runs:mix')}?{query}" if len(wanted) > 1 else ""


@get_or_post
def mix(request: AuthenticatedRequest) -> HttpResponse:
    """Choose runs with a weight and a calibration each, or by a published rule.

    `?run=` ticks them in advance, `?rule=` chooses the rule.
    """
    team = current_team(request)
    require(request.user, Permission.RUN_SUBMIT, team=team)
    initial = {"rule": request.GET.get("rule", "")}
    form = MixForm(request.POST or None, initial=initial)
    if form.is_valid() and (run := _mixed(request, form)):
        return redirect(run)
    answers = request.POST if form.is_bound else request.GET
    visible = Run.objects.visible_to(request.user).filter(team=team)
    context = {
        "form": form,
        "rules": RULES,
        "rows": [_row(run, answers) for run in _offered(visible, answers.getlist("run"))],
    }
    return render(request, "results/mix.html", context, status=422 if form.is_bound else 200)


def _offered(visible: RunQuerySet, ticked: list[str]) -> list[Run]:
    """The ticked ones first, however old, then the newest: those on their split before others."""
    scored = visible.scored().for_list().select_related("split")
    chosen = list(scored.filter(pk__in=ticked))
    chosen.sort(key=lambda run: ticked.index(run.pk))
    splits = {run.split_id for run in chosen}
    others = list(scored.exclude(pk__in=ticked)[:MAX_OFFERED])
    return [*chosen, *sorted(others, key=lambda run: run.split_id not in splits)]


def _mixed(request: AuthenticatedRequest, form: MixForm) -> Run | None:
    try:
        run = create_virtual_run(
            team=current_team(request),
            name=form.cleaned_data["name"],
            recipe=_recipe(form, request.POST),
            by=request.user,
        )
    except UserError as error:
        show_error(form, error)
        return None
    messages.success(request, _("%s is there: its scores are computed as they are read.") % run)
    return run


def _recipe(form: MixForm, answers: QueryDict) -> dict[str, Any]:
    """That of the rule that is chosen; without one what stands in the table of runs."""
    runs = answers.getlist("run")
    if rule := form.cleaned_data["rule"]:
        return RULES[rule].recipe(runs)
    return {
        "members": [_member(run_id, answers) for run_id in runs],
        "smoothing": form.cleaned_data["smoothing"],
        "smoothing_frames": form.cleaned_data["smoothing_frames"],
    }


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

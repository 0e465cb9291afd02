"""The form of a new sweep: what it would submit is shown before it does."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import UserError
from webapp.pages import equivalents
from webapp.pages.form_choices import (
    chosen_method,
    chosen_team,
    from_address,
    names_lost_split,
    splits_of,
)
from webapp.pages.forms.sweeps import SweepForm, prefilled_by, ready_made
from webapp.runs import sweeps
from webapp.runs.grid import MAX_RUNS
from webapp.runs.models import Method

N_SHOWN = 40  # rows of a plan


@require_http_methods(["GET", "POST"])
def new(request: AuthenticatedRequest) -> HttpResponse:
    """Choose a method, perhaps a ready-made sweep, then what varies.

    What is sent without `step=submit` is only looked at: how many runs it would make.
    """
    require(request.user, Permission.RUN_SUBMIT, team=chosen_team(request))
    method, splits = chosen_method(request), splits_of(request)
    if method is None or not splits:
        return _page(request, method)
    if request.method == "POST":
        form = SweepForm(request.POST, method=method, splits=splits)
        is_meant = request.POST.get("step") == "submit"
        return _submit(request, form) if is_meant else _page(request, method, form)
    prefilled = _prefilled(request, method) | from_address(request, splits)
    return _page(request, method, SweepForm(method=method, splits=splits, prefilled=prefilled))


def _submit(request: AuthenticatedRequest, form: SweepForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, form.method, form, status=422)
    try:
        sweep = sweeps.submit_sweep(**form.submission(), by=request.user)
    except UserError as error:
        form.show_error(error)
        return _page(request, form.method, form, status=error.status_code)
    messages.success(request, _("%s was submitted.") % sweep)
    return redirect(sweep)


def _page(
    request: AuthenticatedRequest,
    method: Method | None,
    form: SweepForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "methods": Method.objects.order_by("supervision", "title"),
        "method": method,
        "form": form,
        "has_splits": form is not None or bool(splits_of(request)),
        "ready_made": ready_made(method) if method else [],
        "ready": request.GET.get("ready", ""),
    }
    if form is not None:
        context["has_lost_split"] = names_lost_split(request, form.splits)
        context |= _looked_at(form)
    return render(request, "runs/new_sweep.html", context, status=status)


def _looked_at(form: SweepForm) -> dict[str, Any]:
    """What the form as it stands would make, also before anybody has sent it."""
    sent = form
    if not form.is_bound:
        sent = SweepForm(form.as_data(), method=form.method, splits=form.splits.values())
    plan = sent.plan()
    rows = plan.rows if plan else []
    return {
        "plan": plan,
        "faults": _faults_of_fields(sent),
        "planned": rows[:N_SHOWN],
        "n_hidden": max(0, len(rows) - N_SHOWN),
        "most": MAX_RUNS,
        "rest_call": equivalents.sweep_call(sent, site_url=settings.SITE_URL),
    }


def _faults_of_fields(form: SweepForm) -> list[str]:
    found = form.errors.items()
    return [str(each) for name, faults in found if name != NON_FIELD_ERRORS for each in faults]


def _prefilled(request: HttpRequest, method: Method) -> dict[str, str]:
    """By the ready-made sweep that the address names."""
    wanted = request.GET.get("ready", "")
    ready = next((each for each in method.sweeps if each["name"] == wanted), None)
    if wanted and ready is None:
        raise Http404(f"{method} has no sweep {wanted}")
    return prefilled_by(method, ready) if ready else {}

"""The form of a new run, and how to say the same in a script."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

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
from webapp.pages.forms.runs import RunForm
from webapp.runs import services
from webapp.runs.models import Method


@require_http_methods(["GET", "POST"])
def new(request: AuthenticatedRequest) -> HttpResponse:
    """Choose a method, then fill in its form. The address may prefill any field."""
    require(request.user, Permission.RUN_SUBMIT, team=chosen_team(request))
    method, splits = chosen_method(request), splits_of(request)
    if method is None or not splits:
        return _page(request, method)
    if request.method == "POST":
        return _submit(request, RunForm(request.POST.dict(), method=method, splits=splits))
    prefilled = from_address(request, splits)
    return _page(request, method, RunForm(method=method, splits=splits, prefilled=prefilled))


def _submit(request: AuthenticatedRequest, form: RunForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, form.method, form, status=422)
    try:
        run = services.create_run(**form.submission(), by=request.user)
    except UserError as error:
        form.show_error(error)
        return _page(request, form.method, form, status=error.status_code)
    messages.success(request, _("%s was submitted.") % run)
    return redirect(run)


def _page(
    request: AuthenticatedRequest,
    method: Method | None,
    form: RunForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "methods": Method.objects.order_by("supervision", "title"),
        "method": method,
        "form": form,
        "has_splits": form is not None or bool(splits_of(request)),
    }
    if form is not None:
        context["has_lost_split"] = names_lost_split(request, form.splits)
        context |= _equivalents(request, form)
    return render(request, "runs/new.html", context, status=status)


@require_POST
def equivalent(request: AuthenticatedRequest) -> HttpResponse:
    """The form as it stands, as a REST call and as a command."""
    method = get_object_or_404(Method, pk=request.POST.get("method", ""))
    form = RunForm(request.POST.dict(), method=method, splits=splits_of(request))
    return render(request, "runs/_equivalent.html", _equivalents(request, form))


def _equivalents(request: AuthenticatedRequest, form: RunForm) -> dict[str, str]:
    return {
        "rest_call": equivalents.rest_call(form, site_url=settings.SITE_URL),
        "command": equivalents.command(form, by=request.user),
    }

"""What the button does that stands beside runs without numbers, on every page that has it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from webapp.accounts.http import AuthenticatedRequest, next_page
from webapp.results.scores.evaluation_jobs import request_missing
from webapp.results.studies.unevaluated import MAX_AT_ONCE
from webapp.runs.models import Run


@require_POST
def evaluate(request: AuthenticatedRequest) -> HttpResponse:
    """`run` once for each, and back to where the button was; 404 where none of them is visible."""
    wanted = request.POST.getlist("run")[:MAX_AT_ONCE]
    visible = Run.objects.visible_to(request.user).select_related("team")
    runs = list(visible.filter(pk__in=wanted))
    if not runs:
        raise Http404("no such run")
    messages.success(request, _sentence(request_missing(runs=runs, by=request.user)))
    return redirect(next_page(request))


def _sentence(n: int) -> str:
    if not n:
        return _("All of these numbers are there or are being made.")
    sentence = ngettext(
        "%d run is evaluated as soon as a worker is free.",
        "%d runs are evaluated as soon as a worker is free.",
        n,
    )
    return sentence % n

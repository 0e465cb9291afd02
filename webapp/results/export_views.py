"""The list of runs as a file: every run of the filter, not only the page that is shown."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from webapp.accounts.teams import current_team
from webapp.accounts.views import AuthenticatedRequest
from webapp.results.compare_views import chosen_protocol
from webapp.results.exports import answer
from webapp.results.run_export import run_table
from webapp.runs.forms import RunFilterForm
from webapp.runs.models import Run


@require_safe
def runs(request: AuthenticatedRequest, format: str) -> HttpResponseBase:
    """Takes the filters of the list; numbers are those of `?protocol=`."""
    team = current_team(request)
    form = RunFilterForm(request.GET, team=team)
    narrowed = form.narrow(Run.objects.visible_to(request.user).filter(team=team))
    return answer(run_table(narrowed, chosen_protocol(request, team)), name="runs", format=format)

"""Files to take away: the list of runs, every run of the filter, and the scores of one run."""

from __future__ import annotations

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.teams import current_team
from webapp.results.compare_views import chosen_protocol
from webapp.results.files.runs import run_table
from webapp.results.files.scores import score_file
from webapp.results.files.tables import answer
from webapp.results.models import ScoreSet
from webapp.runs.forms import RunFilterForm
from webapp.runs.models import Run


@require_safe
def runs(request: AuthenticatedRequest, format: str) -> HttpResponseBase:
    """Takes the filters of the list; numbers are those of `?protocol=`."""
    team = current_team(request)
    form = RunFilterForm(request.GET, team=team)
    narrowed = form.narrow(Run.objects.visible_to(request.user).filter(team=team))
    return answer(run_table(narrowed, chosen_protocol(request, team)), name="runs", format=format)


@require_safe
def scores(request: AuthenticatedRequest, run_id: str, format: str) -> HttpResponseBase:
    """What an upload takes, and gives the same numbers."""
    score_sets = ScoreSet.objects.visible_to(request.user).select_related("run__split")
    return score_file(get_object_or_404(score_sets, run_id=run_id), format)

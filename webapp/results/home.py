"""The first page: what finished, failed or waits lately, and the best run of each dataset."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from webapp.accounts.permissions import Permission, permissions_of
from webapp.accounts.teams import current_team
from webapp.accounts.views import AuthenticatedRequest
from webapp.datasets.models import Dataset
from webapp.jobs.models import Job
from webapp.results.headlines import best_evaluations, headline_evaluations
from webapp.runs.models import ENDED_BADLY, Run

LATELY = timedelta(days=7)
SHOWN = 6


@require_safe
def home(request: AuthenticatedRequest) -> HttpResponse:
    team = current_team(request)
    runs = Run.objects.filter(team=team).for_list()
    imports = Dataset.objects.filter(team=team).select_related("import_job")
    week_ago = timezone.now() - LATELY
    lately = runs.filter(current_job__finished_at__gt=week_ago)
    by_end = lately.order_by("-current_job__finished_at")
    finished = list(by_end.filter(current_job__status=Job.Status.SUCCEEDED)[:SHOWN])
    numbers = headline_evaluations(finished)
    granted = permissions_of(request.user, team=team)
    context = {
        "going_on": runs.exclude(current_job__status__in=Job.TERMINAL)[:SHOWN],
        "failed": by_end.filter(current_job__status__in=ENDED_BADLY)[:SHOWN],
        "finished": [{"run": run, "evaluation": numbers.get(run.pk)} for run in finished],
        "imports": imports.filter(import_job__status__in=Job.WAITING + Job.ACTIVE)[:SHOWN],
        "failed_imports": imports.filter(
            import_job__status__in=ENDED_BADLY, import_job__finished_at__gt=week_ago
        )[:SHOWN],
        "best": best_evaluations(team),
        "has_datasets": Dataset.objects.filter(team=team).exists(),
        "may_submit": Permission.RUN_SUBMIT in granted,
        "may_import": Permission.DATASET_IMPORT in granted,
    }
    return render(request, "home.html", context)

"""The first page: what finished, failed or waits lately, and the best run of each dataset."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, permissions_of
from webapp.accounts.teams import current_team
from webapp.datasets.models import Dataset
from webapp.jobs.models import ENDED_BADLY, Job
from webapp.results.protocols.current_evaluations import best_evaluations, headline_evaluations
from webapp.runs.models import Run

IS_DONE = Q(current_job__status=Job.Status.SUCCEEDED) | Q(current_job=None, scored_at__isnull=False)
LATELY = timedelta(days=7)
SHOWN = 6


@require_safe
def home(request: AuthenticatedRequest) -> HttpResponse:
    team = current_team(request)
    runs = Run.objects.filter(team=team).for_list()
    imports = Dataset.objects.filter(team=team).select_related("import_job")
    week_ago = timezone.now() - LATELY
    ended_at = Coalesce("current_job__finished_at", "scored_at")
    by_end = runs.annotate(ended_at=ended_at).filter(ended_at__gt=week_ago).order_by("-ended_at")
    finished = list(by_end.filter(IS_DONE)[:SHOWN])
    numbers = headline_evaluations(finished)
    granted = permissions_of(request.user, team=team)
    context = {
        "going_on": runs.exclude(IS_DONE | Q(current_job__status__in=Job.TERMINAL))[:SHOWN],
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

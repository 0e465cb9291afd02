"""Leaderboards: one per dataset and protocol."""

from __future__ import annotations

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.permissions import Permission, permissions_of
from webapp.accounts.teams import current_team
from webapp.accounts.views import AuthenticatedRequest
from webapp.datasets.models import Dataset
from webapp.datasets.services import set_benchmark
from webapp.results.compare_views import chosen_protocol
from webapp.results.exports import FORMATS
from webapp.results.leaderboards import Leaderboard
from webapp.results.protocols import ensure_protocols
from webapp.results.reported import BENCHMARKS


@require_safe
def leaderboard_list(request: AuthenticatedRequest) -> HttpResponse:
    scored = Count("runs", filter=Q(runs__scored_at__isnull=False))
    datasets = Dataset.objects.visible_to(request.user).filter(team=current_team(request))
    context = {"datasets": datasets.annotate(n_scored=scored).filter(n_scored__gt=0)}
    return render(request, "results/leaderboard_list.html", context)


@require_safe
def leaderboard(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = _dataset(request, dataset_id)
    presets = ensure_protocols()
    granted = permissions_of(request.user, team=dataset.team)
    context = {
        "board": Leaderboard(dataset, chosen_protocol(request)),
        "protocols": presets,
        "benchmarks": BENCHMARKS,
        "formats": FORMATS,
        "may_change": Permission.DATASET_IMPORT in granted,
    }
    return render(request, "results/leaderboard.html", context)


@require_safe
def export(request: HttpRequest, dataset_id: str, format: str) -> HttpResponse:
    """The whole leaderboard as a file."""
    if format not in FORMATS:
        raise Http404(f"no such format: {format}")
    content_type, write = FORMATS[format]
    board = Leaderboard(_dataset(request, dataset_id), chosen_protocol(request))
    name = f"{board.dataset.pk}-{board.protocol.slug}.{format}"
    return HttpResponse(
        write(board),
        content_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_POST
def benchmark(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = _dataset(request, dataset_id)
    set_benchmark(
        dataset=dataset,
        benchmark=request.POST.get("benchmark", ""),
        known=BENCHMARKS,
        by=request.user,
    )
    return redirect("results:leaderboard", dataset.pk)


def _dataset(request: HttpRequest, dataset_id: str) -> Dataset:
    datasets = Dataset.objects.visible_to(request.user).select_related("team")
    return get_object_or_404(datasets, pk=dataset_id)

"""Leaderboards: one per dataset and protocol."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, permissions_of
from webapp.accounts.teams import current_team
from webapp.datasets.models import Dataset
from webapp.datasets.services import set_benchmark
from webapp.pages.compare import chosen_protocol
from webapp.results.figures.charts import Figure, Point, interval_figure, label_of
from webapp.results.files.leaderboard import leaderboard_table
from webapp.results.files.tables import FORMATS, answer
from webapp.results.models import Protocol
from webapp.results.protocols.choice import offered_protocols
from webapp.results.studies.leaderboard_overview import lines, metric_of
from webapp.results.studies.leaderboards import Board, Leaderboard
from webapp.results.studies.reported import BENCHMARKS, Reported, protocols_reported_on
from webapp.results.studies.unevaluated import unevaluated
from webapp.runs.models import Run

N_DRAWN = 20
N_COMPARED = 5


@require_safe
def leaderboard_list(request: AuthenticatedRequest) -> HttpResponse:
    """Datasets down, protocols across, the best of each where they meet."""
    team = current_team(request)
    protocols = offered_protocols(team)
    datasets: QuerySet[Dataset] = Dataset.objects.visible_to(request.user)
    of_team = datasets.filter(team=team).order_by("name", "pk")
    context = {
        "lines": lines(of_team, protocols),
        "protocols": [(protocol, metric_of(protocol)[1]) for protocol in protocols],
        "unevaluated": unevaluated(Run.objects.filter(team=team), protocols, user=request.user),
    }
    return render(request, "results/leaderboard_list.html", context)


@require_safe
def leaderboard(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = _dataset(request, dataset_id)
    protocols = offered_protocols(dataset.team)
    granted = permissions_of(request.user, team=dataset.team)
    board = Leaderboard(dataset, chosen_protocol(request, dataset.team))
    elsewhere = set(protocols_reported_on(dataset.benchmark)) - {board.protocol.slug}
    context = {
        "board": board,
        "boards": [
            (each, figure, comparison_of(each, board.protocol)) for each, figure in drawn(board)
        ],
        "protocols": protocols,
        "unevaluated": unevaluated(
            Run.objects.filter(dataset=dataset), [board.protocol], user=request.user
        ),
        "reported_elsewhere": [each for each in protocols if each.slug in elsewhere],
        "benchmarks": BENCHMARKS,
        "formats": FORMATS,
        "may_change": Permission.DATASET_IMPORT in granted,
        "may_share": Permission.SHARE_CREATE in granted,
    }
    return render(request, "results/leaderboard.html", context)


def drawn(board: Leaderboard) -> list[tuple[Board, Figure]]:
    """Each board with its figure; the claims of papers stand in the first."""
    return [
        (each, figure_of(each, board.reported if place == 0 else (), board.metric.title))
        for place, each in enumerate(board.boards)
    ]


def figure_of(board: Board, claims: Sequence[Reported], title: str) -> Figure:
    """The first of the board with their intervals, and the claims of papers among them."""
    ours = [
        Point(
            entry.run.pk,
            label_of(f"{entry.rank} · {entry.run.name}", entry.run.is_selected_on_test),
            entry.value,
            entry.interval,
        )
        for entry in board.entries[:N_DRAWN]
    ]
    theirs = [
        Point("", " · ".join(filter(None, (claim.method, claim.features))), claim.value, None)
        for claim in claims
    ]
    return interval_figure(ours, title, theirs)


def comparison_of(board: Board, protocol: Protocol) -> str:
    """The address that compares the first of the board; empty where there is only one."""
    runs = [entry.run.pk for entry in board.entries[:N_COMPARED]]
    query = urlencode({"run": runs, "protocol": protocol.slug}, doseq=True)
    return f"{reverse('results:compare')}?{query}" if len(runs) > 1 else ""


@require_safe
def export(request: HttpRequest, dataset_id: str, format: str) -> HttpResponseBase:
    """The whole leaderboard as a file."""
    dataset = _dataset(request, dataset_id)
    board = Leaderboard(dataset, chosen_protocol(request, dataset.team))
    name = f"{board.dataset.pk}-{board.protocol.slug}"
    return answer(leaderboard_table(board), name=name, format=format)


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

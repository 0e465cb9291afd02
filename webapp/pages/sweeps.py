"""Sweeps: their list, the table of one, and its file."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, permissions_of
from webapp.accounts.teams import current_team
from webapp.datasets.models import Dataset
from webapp.deleting.services import may_delete_run
from webapp.pages.compare import chosen_protocol
from webapp.pages.virtual_runs import mix_address
from webapp.results.figures.charts import Figure, Point, interval_figure
from webapp.results.files.sweep import sweep_table
from webapp.results.files.tables import FORMATS, answer
from webapp.results.protocols.choice import offered_protocols
from webapp.results.studies.printed import benchmarks_printed
from webapp.results.studies.seed_ensembles import combine_seeds
from webapp.results.studies.sweep_table import SweepRow, SweepTable
from webapp.results.studies.unevaluated import unevaluated
from webapp.runs import sweeps
from webapp.runs.grid import changes_of
from webapp.runs.models import Method, Run, Sweep

PAGE_SIZE = 50
N_DRAWN = 40


@require_safe
def sweep_list(request: AuthenticatedRequest) -> HttpResponse:
    """Newest first; `?after=` a sweep's id goes on below it."""
    team = current_team(request)
    visible = Sweep.objects.visible_to(request.user).filter(team=team)
    if after := request.GET.get("after"):
        visible = visible.filter(pk__lt=after)
    page = list(visible.for_list().with_counts()[: PAGE_SIZE + 1])
    shown = page[:PAGE_SIZE]
    context = {
        "sweeps": shown,
        "next_after": shown[-1].pk if len(page) > PAGE_SIZE else None,
        "ready_made": [method for method in Method.objects.order_by("title") if method.sweeps],
        "printed_on": Dataset.objects.filter(team=team, benchmark__in=benchmarks_printed()),
        "may_submit": Permission.RUN_SUBMIT in permissions_of(request.user, team=team),
    }
    return render(request, "runs/sweep_list.html", context)


@require_safe
def sweep(request: AuthenticatedRequest, sweep_id: str) -> HttpResponse:
    found = _sweep(request, sweep_id)
    table = SweepTable(found, chosen_protocol(request, found.team))
    granted = permissions_of(request.user, team=found.team)
    context: dict[str, Any] = {
        "sweep": found,
        "table": table,
        "protocols": offered_protocols(found.team),
        "unevaluated": unevaluated(
            Run.objects.filter(sweep=found), [table.protocol], user=request.user
        ),
        "formats": FORMATS,
        "figure": figure_of(table),
        "compare_url": _comparison_of(table),
        "combine_url": mix_address(table.compared) if Permission.RUN_SUBMIT in granted else "",
        "n_to_combine": table.n_to_combine if Permission.RUN_SUBMIT in granted else 0,
        "changes": changes_of(found.method.schema, found.config),
        "may_cancel": Permission.RUN_CANCEL in granted and table.is_going_on,
        "may_delete": not table.is_going_on
        and may_delete_run(found, by=request.user, granted=granted),
    }
    return render(request, "runs/sweep.html", context)


@require_safe
def export(request: HttpRequest, sweep_id: str, format: str) -> HttpResponseBase:
    """The whole table as a file."""
    found = _sweep(request, sweep_id)
    table = SweepTable(found, chosen_protocol(request, found.team))
    name = f"{found.pk}-{table.protocol.slug}"
    return answer(sweep_table(table), name=name, format=format)


@require_POST
def cancel(request: AuthenticatedRequest, sweep_id: str) -> HttpResponse:
    visible = Sweep.objects.visible_to(request.user).select_related("team")
    sweep = get_object_or_404(visible, pk=sweep_id)
    sweeps.cancel_sweep(sweep=sweep, by=request.user)
    return redirect(sweep)


@require_POST
def combine(request: AuthenticatedRequest, sweep_id: str) -> HttpResponse:
    """The mean of all seeds, for each configuration where that is not there."""
    sweep = _sweep(request, sweep_id)
    n = len(combine_seeds(sweep, by=request.user))
    sentence = ngettext("%d virtual run is there.", "%d virtual runs are there.", n)
    messages.success(request, sentence % n)
    return redirect(sweep)


def figure_of(table: SweepTable) -> Figure:
    """The leading number of each row: with its interval, or its deviation over several runs."""
    points = []
    for row in table.rows[:N_DRAWN]:
        cell = row.cells.get(table.metric_name)
        if cell is None or cell.value is None:
            continue
        ends = cell.interval
        if cell.spread and cell.spread.deviation is not None:
            ends = [cell.value - cell.spread.deviation, cell.value + cell.spread.deviation]
        points.append(Point(row.runs[0].pk, _label(table, row), cell.value, ends))
    return interval_figure(points, table.metric.title)


def _label(table: SweepTable, row: SweepRow) -> str:
    """As “2 · no norm · Epochs 5”: a variant stands for what it sets."""
    settings = [
        f"{label} {value}"
        for name, label, value in zip(table.fields, table.labels, row.values, strict=True)
        if not row.title or name in table.sweep.grid
    ]
    return " · ".join(filter(None, (str(row.number + 1), row.title, ", ".join(settings))))


def _comparison_of(table: SweepTable) -> str:
    """The address that compares the first run of each row; empty where there is only one."""
    runs = table.compared
    query = urlencode({"run": runs, "protocol": table.protocol.slug}, doseq=True)
    return f"{reverse('results:compare')}?{query}" if len(runs) > 1 else ""


def _sweep(request: HttpRequest, sweep_id: str) -> Sweep:
    visible: Any = Sweep.objects.visible_to(request.user)
    found: Sweep = get_object_or_404(visible.for_list(), pk=sweep_id)
    return found

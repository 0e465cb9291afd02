"""A sweep read as a study of transfer: its curves together, clips called right, paired tests."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.results.figures.charts import Figure
from webapp.results.figures.transfer_charts import transfer_figure
from webapp.results.protocols.choice import protocol_of
from webapp.results.protocols.presets import RAW
from webapp.results.studies.sweep_table import SweepTable
from webapp.results.studies.transfer import ACCURACIES, LOSSES, Transfer, by_epoch
from webapp.results.studies.transfer_printed import METHOD, ORDER, SOURCE, printed_grid
from webapp.runs.models import Sweep

MOST_DRAWN = 40


@require_safe
def transfer(request: AuthenticatedRequest, sweep_id: str) -> HttpResponse:
    visible: Any = Sweep.objects.visible_to(request.user)
    sweep: Sweep = get_object_or_404(visible.for_list(), pk=sweep_id)
    found = Transfer(SweepTable(sweep, protocol_of(RAW.slug, sweep.team)))
    is_of_paper = sweep.method_id == METHOD
    context: dict[str, Any] = {
        "sweep": sweep,
        "found": found,
        "figure": figure_of(found),
        "printed": printed_grid() if is_of_paper else [],
        "printed_columns": ORDER,
        "source": SOURCE,
    }
    return render(request, "runs/transfer.html", context)


def figure_of(found: Transfer) -> Figure:
    trainers = {run.trainer.pk: run.trainer for run in found.table.runs}
    drawn = list(trainers.values())[:MOST_DRAWN]
    return transfer_figure(
        (
            run.pk,
            run.name.removeprefix(f"{found.sweep.title} · "),
            by_epoch(found.points[run.pk], ACCURACIES),
            by_epoch(found.points[run.pk], LOSSES),
        )
        for run in drawn
    )

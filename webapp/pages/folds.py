"""The page of a cross-validation: its numbers, its curves, and what its folds share."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.datasets.leaks import LEAK
from webapp.pages.compare import chosen_protocol
from webapp.results.figures.charts import Figure
from webapp.results.figures.fold_charts import fold_figure
from webapp.results.models import Protocol
from webapp.results.protocols.choice import offered_protocols
from webapp.results.scores.shortcuts import shortcut_of
from webapp.results.studies.fold_table import FoldTable
from webapp.results.studies.unevaluated import unevaluated
from webapp.runs.models import Run


@require_safe
def folds(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    """404 for a run whose split has no folds."""
    runs = Run.objects.visible_to(request.user).select_related("split", "team", "method", "dataset")
    run = get_object_or_404(runs, pk=run_id)
    table = FoldTable.of(run)
    if table is None:
        raise Http404
    protocol = chosen_protocol(request, run.team)
    own = Run.objects.filter(pk__in=[each.pk for each in table.runs])
    context: dict[str, Any] = {
        "run": run,
        "folds": table,
        "fold_rows": table.rows(protocol),
        "protocol": protocol,
        "protocols": offered_protocols(run.team),
        "figure": figure_of(table, protocol),
        "leaks": [finding for finding in run.split.report if finding.get("kind") == LEAK],
        "told": [finding for finding in run.split.report if finding.get("kind") != LEAK],
        "sizes": table.sizes,
        "shortcut": shortcut_of(run),
        "beside": _of_videos(table, protocol),
        "unevaluated": unevaluated(own, [protocol], user=request.user),
    }
    return render(request, "runs/folds.html", context)


def _of_videos(table: FoldTable, protocol: Protocol) -> float | None:
    """The number that the shortcut baseline stands beside."""
    pooled = table.pooled.get(protocol.pk)
    return pooled.metrics.get("clip_auroc") if pooled else None


def figure_of(table: FoldTable, protocol: Protocol) -> Figure:
    found = table.evaluations.get(protocol.pk, {})
    curves = [
        (fold.run.pk, f"fold {fold.number}", found[fold.run.pk].roc)
        for fold in table.folds
        if fold.run and fold.run.pk in found
    ]
    pooled = table.pooled.get(protocol.pk)
    return fold_figure(curves, pooled.roc if pooled else {})

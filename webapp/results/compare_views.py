"""The page that compares runs. Its address holds its state."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from webapp.accounts.teams import current_team
from webapp.accounts.views import AuthenticatedRequest
from webapp.results.charts import overlay_figure, video_scatter
from webapp.results.compare import MAX_RUNS, N_VIDEOS_SHOWN, Comparison
from webapp.results.models import Protocol
from webapp.results.protocols import RAW, ensure_protocols
from webapp.runs.models import Run

MAX_OFFERED = 100


@require_safe
def compare(request: AuthenticatedRequest) -> HttpResponse:
    """`?run=` once for each run, the first being what the others are measured by."""
    presets = ensure_protocols()
    protocol = chosen_protocol(request)
    runs = chosen_runs(request)
    offered = Run.objects.visible_to(request.user).filter(team=current_team(request)).scored()
    context: dict[str, Any] = {
        "runs": runs,
        "protocol": protocol,
        "protocols": presets,
        "offered": offered.exclude(pk__in=[run.pk for run in runs]).for_list()[:MAX_OFFERED],
    }
    if runs:
        context |= figures_of(Comparison(runs, protocol))
    return render(request, "results/compare.html", context)


def figures_of(comparison: Comparison) -> dict[str, Any]:
    evaluated = [each for each in comparison.columns if each.evaluation is not None]
    curves = [(each.run.pk, each.run.name, each.evaluation) for each in evaluated]
    return {
        "comparison": comparison,
        "videos": comparison.videos[:N_VIDEOS_SHOWN],
        "n_hidden_videos": max(0, len(comparison.videos) - N_VIDEOS_SHOWN),
        "roc": overlay_figure([(pk, name, each.roc) for pk, name, each in curves if each], "roc"),
        "pr": overlay_figure([(pk, name, each.pr) for pk, name, each in curves if each], "pr"),
        "scatter": video_scatter(comparison.videos, comparison.columns[:2]),
    }


def chosen_runs(request: HttpRequest) -> list[Run]:
    """Those of the address, in its order; 404 for what the requester may not see."""
    wanted = list(dict.fromkeys(request.GET.getlist("run")))
    if len(wanted) > MAX_RUNS:
        raise BadRequest(_("At most %d runs can be compared at once.") % MAX_RUNS)
    visible = Run.objects.visible_to(request.user).for_list()
    found = visible.select_related("split", "annotation_set").filter(pk__in=wanted).in_bulk()
    return [found.get(pk) or get_object_or_404(Run.objects.none()) for pk in wanted]


def chosen_protocol(request: HttpRequest) -> Protocol:
    """The newest version of `?protocol=`, else of the default one."""
    slug = request.GET.get("protocol") or RAW.slug
    ensure_protocols()
    newest = Protocol.objects.filter(slug=slug).order_by("-version").first()
    return newest or get_object_or_404(Protocol.objects.none())

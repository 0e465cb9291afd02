"""Pages that ask the scores of one run anew: operating points, and sensitivity to protocols."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from ml.evaluation.settings import LARGEST_THRESHOLD, MAX_SECONDS
from webapp.accounts.http import AuthenticatedRequest
from webapp.common.long_lists import long_list
from webapp.results.figures.event_charts import operating_figure
from webapp.results.studies.choice import scored_run
from webapp.results.studies.operating_points import Explorer, Wish
from webapp.results.studies.sensitivity import Sensitivity
from webapp.results.studies.unevaluated import as_rows, unevaluated


class WishForm(forms.Form):
    """The fields of a `Wish`; what is left out stands at its default."""

    threshold = forms.FloatField(
        label=gettext_lazy("Threshold"),
        required=False,
        min_value=-LARGEST_THRESHOLD,
        max_value=LARGEST_THRESHOLD,
    )
    hold_seconds = forms.FloatField(
        label=gettext_lazy("Hold, seconds"), required=False, min_value=0, max_value=MAX_SECONDS
    )
    merge_seconds = forms.FloatField(
        label=gettext_lazy("Merge, seconds"), required=False, min_value=0, max_value=MAX_SECONDS
    )
    iou = forms.FloatField(
        label=gettext_lazy("Temporal IoU"), required=False, min_value=0, max_value=1
    )

    def wish(self) -> Wish:
        given = self.cleaned_data if self.is_valid() else {}
        return Wish(**{name: value for name, value in given.items() if value is not None})


@require_safe
def operating_points(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    """The address holds the state. A number that cannot be is shown with the default's point."""
    score_set = scored_run(request, run_id)
    asked = WishForm(request.GET)
    explorer = Explorer(score_set, asked.wish())
    # What applies is filled in, beside what is wrong.
    form = asked if asked.errors else WishForm(initial=_in_force(explorer))
    context = {
        "run": score_set.run,
        "form": form,
        "explorer": explorer,
        "figure": operating_figure(score_set.run.pk, explorer.curve, explorer.summary),
        "events": long_list(request, "events", explorer.events),
        "false_alarms": long_list(request, "false_alarms", explorer.false_alarms),
    }
    status = 422 if asked.errors else 200
    return render(request, "results/operating_points.html", context, status=status)


def _in_force(explorer: Explorer) -> dict[str, Any]:
    wish = explorer.wish
    return {
        "threshold": explorer.threshold,
        "hold_seconds": wish.hold_seconds,
        "merge_seconds": wish.merge_seconds,
        "iou": wish.iou,
    }


@require_safe
def sensitivity(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    """Every number that was made of the same scores, and what each rule adds to the headline."""
    score_set = scored_run(request, run_id)
    found = Sensitivity(score_set)
    context = {
        "run": score_set.run,
        "found": found,
        "unevaluated": unevaluated(
            as_rows([score_set.run]), found.protocols, user=request.user, needs_overview=True
        ),
    }
    return render(request, "results/sensitivity.html", context)

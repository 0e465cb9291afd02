"""The gallery by outcome: pictures of what a run finds and misses, with what explains them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from ml.evaluation.settings import LARGEST_THRESHOLD
from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, permissions_of
from webapp.datasets.models import Video
from webapp.results.models import ERRORS, Explanation
from webapp.results.scores.explaining import last_job
from webapp.results.scores.explanations import facts_of, sanity_of
from webapp.results.studies.choice import scored_run
from webapp.results.studies.gallery import MOST_SHOWN, N_SHOWN, Gallery, Shown
from webapp.results.studies.operating_points import Explorer, Wish

STATE = ("threshold", "label", "most")  # what the address holds


class GalleryForm(forms.Form):
    threshold = forms.FloatField(
        label=gettext_lazy("Threshold"),
        required=False,
        min_value=-LARGEST_THRESHOLD,
        max_value=LARGEST_THRESHOLD,
    )
    label = forms.CharField(label=gettext_lazy("Class"), required=False, max_length=200)
    most = forms.IntegerField(
        label=gettext_lazy("Of each"), required=False, min_value=1, max_value=MOST_SHOWN
    )


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What is shown, with what the script needs to draw it; `stream` is empty without a proxy."""

    shown: Shown
    stream: str
    data: dict[str, Any]
    sanity: str
    is_error: bool


@require_safe
def gallery(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    """The address holds the state. A number that cannot be is shown with the default's point."""
    found, form = _gallery(request, run_id)
    granted = permissions_of(request.user, team=found.run.team)
    context = {
        "run": found.run,
        "form": form,
        "gallery": found,
        "explorer": found.explorer,
        "groups": [
            (group, [_picture(found, each) for each in group.shown]) for group in found.groups
        ],
        "job": last_job(found.run),
        "may_explain": Permission.RUN_SUBMIT in granted,
        "state": {name: request.GET[name] for name in STATE if name in request.GET},
    }
    status = 422 if form.errors else 200
    return render(request, "results/gallery.html", context, status=status)


@require_POST
def explain_missing(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    found, _form = _gallery(request, run_id)
    found.explain_missing(by=request.user)
    state = {name: request.POST[name] for name in STATE if name in request.POST}
    return redirect(f"{reverse('runs:gallery', args=[run_id])}?{urlencode(state)}")


def _gallery(request: HttpRequest, run_id: str) -> tuple[Gallery, GalleryForm]:
    score_set = scored_run(request, run_id)
    asked = GalleryForm(request.POST if request.method == "POST" else request.GET)
    given = asked.cleaned_data if asked.is_valid() else {}
    explorer = Explorer(score_set, Wish(threshold=given.get("threshold")))
    most = given.get("most") or N_SHOWN
    found = Gallery(explorer, label=given.get("label", ""), most=most)
    in_force = {"threshold": explorer.threshold, "label": found.label, "most": most}
    return found, asked if asked.errors else GalleryForm(initial=in_force)


def _picture(gallery: Gallery, shown: Shown) -> Picture:
    video, explanation = shown.stretch.video, shown.explanation
    stream = reverse("datasets:stream", args=[video.pk]) if video.proxy else ""
    return Picture(
        shown=shown,
        stream=stream,
        data={
            "stream": stream,
            "fps": video.proxy_fps or video.fps,
            "frames": shown.stretch.frames,
            "peak": shown.stretch.middle,
            "map": explanation and _map(gallery, video, explanation),
        },
        sanity=sanity_of(explanation) if explanation else "",
        is_error=explanation is not None and explanation.kind == ERRORS,
    )


def _map(gallery: Gallery, video: Video, explanation: Explanation) -> dict[str, Any]:
    named = {name: getattr(explanation, name) for name in ("kind", "target", "layer")}
    query = urlencode({"run": gallery.run.pk, **named})
    url = f"{reverse('results:explanation', args=[video.pk])}?{query}"
    return facts_of(explanation) | {"url": url}

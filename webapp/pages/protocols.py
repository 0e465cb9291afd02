"""The protocols of a team and the form that makes them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from ml.evaluation import EVALUATOR_VERSION, METRICS, Settings
from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, permissions_of, require
from webapp.accounts.teams import current_team
from webapp.common.errors import UserError
from webapp.results.models import Protocol
from webapp.results.protocols.choice import offered_protocols
from webapp.results.protocols.presets import RAW, ensure_protocols
from webapp.results.protocols.team import create_protocol, in_words
from webapp.results.studies.unevaluated import unevaluated
from webapp.runs.models import Run

SETTINGS = tuple(each.name for each in fields(Settings))


class ProtocolForm(forms.Form):
    """The fields of `ml.evaluation.Settings`, under their names."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Left empty, it says the settings in words."),
    )
    level = forms.ChoiceField(
        label=gettext_lazy("Level"),
        choices=[
            ("frame", gettext_lazy("frames and whole videos")),
            ("event", gettext_lazy("frames, whole videos and events")),
        ],
    )
    metric = forms.ChoiceField(
        label=gettext_lazy("Number that leads"),
        choices=[(name, metric.title) for name, metric in METRICS.items()],
    )
    smoothing = forms.ChoiceField(
        label=gettext_lazy("Smoothing"),
        choices=[
            ("none", gettext_lazy("none")),
            ("mean", gettext_lazy("moving mean")),
            ("gaussian", gettext_lazy("Gaussian")),
        ],
    )
    smoothing_frames = forms.FloatField(
        label=gettext_lazy("Frames of smoothing"),
        required=False,
        help_text=gettext_lazy("Width of the moving mean, or standard deviation of the Gaussian."),
    )
    normalisation = forms.ChoiceField(
        label=gettext_lazy("Normalisation"),
        choices=[
            ("none", gettext_lazy("none: scores as they are")),
            ("per_video", gettext_lazy("0…1 in each video")),
            ("test_set", gettext_lazy("0…1 over all videos")),
        ],
    )
    missing = forms.ChoiceField(
        label=gettext_lazy("Frames without a score"),
        choices=[
            ("nearest", gettext_lazy("take the nearest score")),
            ("drop", gettext_lazy("are left out")),
        ],
    )
    drop_first = forms.IntegerField(
        label=gettext_lazy("First frames left out"), min_value=0, required=False
    )
    macro_padding = forms.BooleanField(
        label=gettext_lazy("Pad each video before the mean over videos"),
        required=False,
        help_text=gettext_lazy("With a normal frame of score 0 and an abnormal one of score 1."),
    )
    threshold = forms.FloatField(
        label=gettext_lazy("Fixed threshold"),
        required=False,
        help_text=gettext_lazy(
            "Left empty, it is chosen on validation data, else by equal error on the test data."
        ),
    )
    merge_gap_seconds = forms.FloatField(
        label=gettext_lazy("Merge alarms at most so many seconds apart"), required=False
    )
    hold_seconds = forms.FloatField(
        label=gettext_lazy("An alarm lasts at least so many seconds"), required=False
    )
    iou = forms.FloatField(
        label=gettext_lazy("Temporal IoU that finds an event"),
        required=False,
        help_text=gettext_lazy("0: an alarm finds every event that it touches."),
    )

    def settings(self) -> dict[str, Any]:
        """What was left empty stands at its default."""
        given = {name: self.cleaned_data[name] for name in SETTINGS}
        return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class Listed:
    protocol: Protocol
    words: list[str]
    is_newest: bool


@require_safe
def protocol_list(request: AuthenticatedRequest) -> HttpResponse:
    """Presets and the team's own, each with its rules in words."""
    team = current_team(request)
    offered = offered_protocols(team)
    rows = listed(protocols_of(team))
    context = {
        "presets": [row for row in rows if row.protocol.team_id is None],
        "own": [row for row in rows if row.protocol.team_id],
        "unevaluated": unevaluated(Run.objects.filter(team=team), offered, user=request.user),
        "may_create": Permission.PROTOCOL_CREATE in permissions_of(request.user, team=team),
    }
    return render(request, "results/protocol_list.html", context)


def protocols_of(team: Team) -> list[Protocol]:
    """With `n_evaluations` of the team by the evaluator of now; the newest version first."""
    counted = Count(
        "evaluations",
        filter=Q(
            evaluations__evaluator_version=EVALUATOR_VERSION,
            evaluations__score_set__run__team=team,
        ),
    )
    found = Protocol.objects.of_team(team).select_related("created_by")
    return list(found.annotate(n_evaluations=counted))


def listed(protocols: list[Protocol]) -> list[Listed]:
    seen: set[tuple[str | None, str]] = set()
    rows = []
    for each in protocols:
        key = each.team_id, each.slug
        words = in_words(Settings.from_json(each.settings))
        rows.append(Listed(protocol=each, words=words, is_newest=key not in seen))
        seen.add(key)
    return rows


@get_or_post
def new(request: AuthenticatedRequest) -> HttpResponse:
    """`?from=` a protocol starts from its settings; the team's own gets a new version."""
    team = current_team(request)
    require(request.user, Permission.PROTOCOL_CREATE, team=team)
    base = _base(request, team)
    form = ProtocolForm(request.POST if request.method == "POST" else None, initial=_initial(base))
    if form.is_valid() and (protocol := _created(form, team, base, request.user)):
        messages.success(request, _("%s is there. It never changes.") % protocol)
        return redirect("results:protocols")
    context = {"form": form, "base": base, "is_version": bool(base.team_id)}
    status = 422 if form.is_bound else 200
    return render(request, "results/protocol_new.html", context, status=status)


def _base(request: AuthenticatedRequest, team: Team) -> Protocol:
    ensure_protocols()
    slug = request.GET.get("from") or RAW.slug
    known = Protocol.objects.of_team(team).filter(slug=slug)
    base = known.order_by("-version").first()
    if base is None:
        raise Http404(f"no protocol {slug}")
    return base


def _initial(base: Protocol) -> dict[str, Any]:
    settings = Settings.from_json(base.settings).to_json()
    return settings | ({"title": base.title} if base.team_id else {})


def _created(form: ProtocolForm, team: Team, base: Protocol, by: User) -> Protocol | None:
    try:
        return create_protocol(
            team=team,
            title=form.cleaned_data["title"],
            description=form.cleaned_data["description"],
            settings=form.settings(),
            version_of=base.slug if base.team_id else "",
            by=by,
        )
    except UserError as error:
        show_error(form, error)
        return None

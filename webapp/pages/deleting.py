"""Deleting: what goes and what holds it is shown first, then it is done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, require
from webapp.datasets.models import Dataset, FeatureSet
from webapp.deleting import contents, services
from webapp.deleting.contents import Dependents
from webapp.deleting.holds import Hold
from webapp.runs.models import Run, Sweep, Weights

# By the code of a hold: the page of each of its ids, or one page for all.
PAGES_OF_HOLDS = {
    "job": "jobs:detail",
    "run": "runs:detail",
    "virtual_run": "runs:detail",
    "trains": "runs:detail",
    "starts": "runs:detail",
    "sweep": "runs:sweep",
}
MAX_LINKS = 20


class ConfirmForm(forms.Form):
    """Asks for the name of what goes, where a click would be too little."""

    name = forms.CharField(
        label=gettext_lazy("Type its name to delete it"),
        max_length=200,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted
        if not wanted:
            del self.fields["name"]

    def clean_name(self) -> str:
        if self.cleaned_data["name"] != self.wanted:
            sentence = _("That is not its name, which is “%(name)s”.")
            raise forms.ValidationError(sentence % {"name": self.wanted})
        return self.wanted


@dataclass(frozen=True, kw_only=True)
class Noun:
    """One kind of thing that can be deleted: how its page is filled, and what the button does.

    `address` is the page of a thing, `crumbs` are the addresses and titles above it.
    """

    title: str | Promise  # of the page, with the name of the thing in it
    done: str | Promise  # what is said afterwards, likewise
    preview: Callable[[Any], Dependents]
    delete: Callable[[Any, AuthenticatedRequest], None]
    address: Callable[[Any], str]
    then: Callable[[Any], str]  # where to afterwards
    crumb: tuple[str, str | Promise]
    asks_name: bool = False


RUN = Noun(
    title=gettext_lazy("Delete the run “%s”"),
    done=gettext_lazy("The run “%s” was deleted."),
    preview=contents.of_run,
    delete=lambda run, request: services.delete_run(run=run, by=request.user),
    address=lambda run: reverse("runs:detail", args=[run.pk]),
    then=lambda run: reverse("runs:list"),
    crumb=("runs:list", gettext_lazy("Runs")),
)
SCORES = Noun(
    title=gettext_lazy("Delete the scores of “%s”"),
    done=gettext_lazy("The scores of “%s” were deleted."),
    preview=contents.of_scores,
    delete=lambda run, request: services.delete_score_set(run=run, by=request.user),
    address=RUN.address,
    then=RUN.address,
    crumb=RUN.crumb,
)
SWEEP = Noun(
    title=gettext_lazy("Delete the sweep “%s” with all of its runs"),
    done=gettext_lazy("The sweep “%s” was deleted with all of its runs."),
    preview=contents.of_sweep,
    delete=lambda sweep, request: services.delete_sweep(sweep=sweep, by=request.user),
    address=lambda sweep: reverse("runs:sweep", args=[sweep.pk]),
    then=lambda sweep: reverse("runs:sweeps"),
    crumb=("runs:sweeps", gettext_lazy("Sweeps")),
)
FEATURE_SET = Noun(
    title=gettext_lazy("Delete the feature set “%s”"),
    done=gettext_lazy("The feature set “%s” was deleted."),
    preview=contents.of_feature_set,
    delete=lambda each, request: services.delete_feature_set(feature_set=each, by=request.user),
    address=lambda each: each.get_absolute_url(),
    then=lambda each: reverse("datasets:detail", args=[each.dataset_id]) + "?tab=features",
    crumb=("datasets:list", gettext_lazy("Datasets")),
)
WEIGHTS = Noun(
    title=gettext_lazy("Delete the weights “%s”"),
    done=gettext_lazy("The weights “%s” were deleted."),
    preview=contents.of_weights,
    delete=lambda each, request: services.delete_weights(weights=each, by=request.user),
    address=lambda each: each.get_absolute_url(),
    then=lambda each: reverse("runs:weights_list"),
    crumb=("runs:weights_list", gettext_lazy("Published weights")),
)
DATASET = Noun(
    title=gettext_lazy("Delete the dataset “%s”"),
    done=gettext_lazy("The dataset “%s” was deleted."),
    preview=contents.of_dataset,
    delete=lambda each, request: services.delete_dataset(dataset=each, by=request.user),
    address=lambda each: reverse("datasets:detail", args=[each.pk]),
    then=lambda each: reverse("datasets:list"),
    crumb=("datasets:list", gettext_lazy("Datasets")),
    asks_name=True,
)


@get_or_post
def run(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    found = _run(request, run_id)
    has_scores = found.scored_at is not None and found.kind != Run.Kind.VIRTUAL
    return _answer(request, RUN, found, may_keep_run=has_scores)


@get_or_post
def scores(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    return _answer(request, SCORES, _run(request, run_id))


@get_or_post
def sweep(request: AuthenticatedRequest, sweep_id: str) -> HttpResponse:
    visible = Sweep.objects.visible_to(request.user).select_related("team", "dataset", "method")
    found = get_object_or_404(visible, pk=sweep_id)
    services.require_run(found, by=request.user)
    return _answer(request, SWEEP, found)


@get_or_post
def feature_set(request: AuthenticatedRequest, feature_set_id: str) -> HttpResponse:
    visible = FeatureSet.objects.visible_to(request.user).select_related("dataset__team")
    found = get_object_or_404(visible, pk=feature_set_id)
    require(request.user, Permission.DATASET_DELETE, team=found.dataset.team)
    return _answer(request, FEATURE_SET, found)


@get_or_post
def weights(request: AuthenticatedRequest, weights_id: str) -> HttpResponse:
    visible = Weights.objects.visible_to(request.user).select_related("team")
    found = get_object_or_404(visible, pk=weights_id)
    services.require_run(found, by=request.user)
    return _answer(request, WEIGHTS, found)


@get_or_post
def dataset(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    visible = Dataset.objects.visible_to(request.user).select_related("team")
    found = get_object_or_404(visible, pk=dataset_id)
    require(request.user, Permission.DATASET_DELETE, team=found.team)
    return _answer(request, DATASET, found)


def _run(request: AuthenticatedRequest, run_id: str) -> Run:
    """Raise Http404, or PermissionDenied for who may see it and not delete it."""
    visible = Run.objects.visible_to(request.user).for_list().select_related("team", "sweep")
    found = get_object_or_404(visible, pk=run_id)
    services.require_run(found, by=request.user)
    return found


def _answer(
    request: AuthenticatedRequest, noun: Noun, subject: Any, **context: Any
) -> HttpResponse:
    """The page, or what comes of its form. A POST on what is held is refused by the service."""
    answers = request.POST if request.method == "POST" else None
    form = ConfirmForm(answers, wanted=str(subject) if noun.asks_name else "")
    if form.is_valid():
        then, sentence = noun.then(subject), str(noun.done) % subject
        noun.delete(subject, request)
        messages.success(request, sentence)
        return redirect(then)
    hangs = noun.preview(subject)
    crumb_url, crumb = noun.crumb
    context |= {
        "title": str(noun.title) % subject,
        "subject": subject,
        "back_url": noun.address(subject),
        "crumb": crumb,
        "crumb_url": reverse(crumb_url),
        "form": form,
        "hangs": hangs,
        "holds": [
            {"lead": hold.lead, "links": links_of(hold), "n_more": len(hold.ids) - MAX_LINKS}
            for hold in hangs.holds
        ],
    }
    return render(request, "deleting/confirm.html", context, status=422 if form.errors else 200)


def links_of(hold: Hold) -> Sequence[tuple[str, str]]:
    """Addresses and names of what has to go, to end or to be revoked first, or of some of many."""
    if hold.code == "share_link":
        return [(reverse("sharing:list"), name) for name in hold.things.values()][:MAX_LINKS]
    page = PAGES_OF_HOLDS[hold.code]
    named = islice(hold.things.items(), MAX_LINKS)
    return [(reverse(page, args=[pk]), name) for pk, name in named]

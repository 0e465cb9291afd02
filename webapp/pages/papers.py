"""The tables of a paper on a dataset: printed numbers beside ours, and what is missing of ours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, permissions_of, require
from webapp.common.errors import UserError
from webapp.datasets.models import Dataset
from webapp.pages.forms.runs import RunForm
from webapp.pages.forms.sweeps import NumberListField
from webapp.results.files.paper_tables import paper_tables
from webapp.results.files.tables import FORMATS, answer
from webapp.results.scores.combining import RULES
from webapp.results.studies.paper_runs import combine_missing, submit_missing
from webapp.results.studies.paper_tables import PaperTables, chosen_tables, splits_of
from webapp.results.studies.printed import benchmarks_printed
from webapp.results.studies.reported import BENCHMARKS
from webapp.runs.models import TOLD, Run


class MissingForm(forms.Form):
    """How what is missing is trained."""

    seeds = NumberListField(
        label=gettext_lazy("Seeds, as 0-4"),
        initial="0",
    )
    selection = forms.ChoiceField(
        label=RunForm.base_fields["selection"].label,
        choices=[(each.value, each.label) for each in Run.SELECTIONS_HERE],
        initial=Run.Selection.LAST,
        help_text=RunForm.base_fields["selection"].help_text,
    )
    validate_every = forms.IntegerField(
        label=gettext_lazy("Updates between two looks"),
        required=False,
        min_value=1,
        help_text=gettext_lazy(
            "After how many updates a checkpoint may be the best: 1, as the published code of the "
            "Video Classifier has it, takes long. Left empty, it is each method's own."
        ),
    )


@require_safe
def papers(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    """As `chosen_tables` reads `?benchmark=`, `?split=`, `?features=` and `?selection=`."""
    dataset = _dataset(request, dataset_id)
    initial = {"selection": request.GET.get("selection") or Run.Selection.LAST}
    return _page(request, dataset, MissingForm(initial=initial))


def _page(
    request: AuthenticatedRequest, dataset: Dataset, form: MissingForm, status: int = 200
) -> HttpResponse:
    found = _found(request, dataset)
    granted = permissions_of(request.user, team=dataset.team)
    context: dict[str, Any] = {
        "dataset": dataset,
        "found": found,
        "splits": splits_of(dataset),
        "feature_sets": dataset.feature_sets.ready(),
        "benchmarks": {slug: BENCHMARKS[slug] for slug in benchmarks_printed()},
        "selections": [(each.value, each.label) for each in Run.SELECTIONS_HERE],
        "form": form,
        "formats": FORMATS,
        "rule": RULES["mean"],
        "query": _query(found) if found else "",
        "told": TOLD["weak"],  # all methods of these tables learn from labels of videos
        "may_submit": Permission.RUN_SUBMIT in granted,
        "may_change": Permission.DATASET_IMPORT in granted,
    }
    return render(request, "results/papers.html", context, status=status)


@require_safe
def export(request: AuthenticatedRequest, dataset_id: str, format: str) -> HttpResponseBase:
    """All tables as one file."""
    dataset = _dataset(request, dataset_id)
    found = _needed(request, dataset)
    return answer(paper_tables(found), name=f"{dataset.pk}-papers", format=format)


@require_POST
def submit(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    """Train what the tables lack, with the paper's settings."""
    dataset = _dataset(request, dataset_id)
    require(request.user, Permission.RUN_SUBMIT, team=dataset.team)
    found, form = _needed(request, dataset), MissingForm(request.POST)
    if not form.is_valid():
        return _page(request, dataset, form, status=422)

    def work() -> str:
        made = submit_missing(found, **form.cleaned_data, by=request.user)
        return _("Submitted: %s.") % ", ".join(map(str, made))

    return _done(request, found, form, work)


@require_POST
def combine(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    """Make the virtual runs that the tables lack, by the paper's rule."""
    found = _needed(request, _dataset(request, dataset_id))

    def work() -> str:
        n = len(combine_missing(found, by=request.user))
        sentence = ngettext("%d virtual run is there.", "%d virtual runs are there.", n)
        return sentence % n

    return _done(request, found, MissingForm(), work)


def _done(
    request: AuthenticatedRequest, found: PaperTables, form: MissingForm, work: Callable[[], str]
) -> HttpResponse:
    """The page again, with what was done, or with why it was not."""
    try:
        messages.success(request, work())
    except UserError as error:
        form = form if form.is_bound else MissingForm({"seeds": "0", "selection": "last"})
        show_error(form, error)
        return _page(request, found.dataset, form, status=error.status_code)
    return redirect(f"{reverse('results:papers', args=[found.dataset.pk])}?{_query(found)}")


def _query(found: PaperTables) -> str:
    features = found.feature_set.pk if found.feature_set else ""
    chosen = {"benchmark": found.benchmark, "split": found.split.pk, "features": features}
    return urlencode(chosen | ({"selection": found.selection} if found.selection else {}))


def _found(request: HttpRequest, dataset: Dataset) -> PaperTables | None:
    names = ("benchmark", "split", "features", "selection")
    answers = {name: request.GET.get(name, "") for name in names}
    return chosen_tables(dataset, **answers)


def _needed(request: HttpRequest, dataset: Dataset) -> PaperTables:
    """Raise Http404 where the dataset has no split to show numbers of."""
    found = _found(request, dataset)
    if found is None:
        raise Http404(f"{dataset.pk} has no split")
    return found


def _dataset(request: HttpRequest, dataset_id: str) -> Dataset:
    datasets = Dataset.objects.visible_to(request.user).select_related("team")
    return get_object_or_404(datasets, pk=dataset_id)

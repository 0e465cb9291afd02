"""Pages that have features made, and end that or go on with it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import UserError
from webapp.datasets import extraction
from webapp.datasets.extraction_forms import ExtractionForm
from webapp.datasets.folders import suggested_folders
from webapp.datasets.models import Dataset, Extractor, FeatureSet


@get_or_post
def new(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    """Choose an extractor, then fill in its form."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)
    require(request.user, Permission.DATASET_IMPORT, team=dataset.team)
    extractor = _chosen(request)
    data = request.POST.dict() if request.method == "POST" else None
    form = ExtractionForm(data, extractor=extractor) if extractor else None
    if form and form.is_valid() and (feature_set := _begun(request, dataset, form)):
        return redirect(feature_set)
    context = {
        "dataset": dataset,
        "extractors": Extractor.objects.all(),
        "extractor": extractor,
        "form": form,
        "folders": suggested_folders(),
    }
    status = 422 if form and form.is_bound else 200
    return render(request, "datasets/make_features.html", context, status=status)


@require_POST
def cancel(request: AuthenticatedRequest, feature_set_id: str) -> HttpResponse:
    feature_set = _feature_set(request, feature_set_id)
    extraction.cancel(feature_set=feature_set, by=request.user)
    messages.success(request, _("It is being cancelled. What is made of videos so far is kept."))
    return redirect(feature_set)


@require_POST
def resume(request: AuthenticatedRequest, feature_set_id: str) -> HttpResponse:
    feature_set = _feature_set(request, feature_set_id)
    extraction.resume(feature_set=feature_set, by=request.user)
    messages.success(request, _("It goes on with the videos that are missing."))
    return redirect(feature_set)


def _chosen(request: HttpRequest) -> Extractor | None:
    """The chosen one, or the only one there is."""
    if name := request.POST.get("extractor") or request.GET.get("extractor"):
        return get_object_or_404(Extractor, pk=name)
    known = Extractor.objects.all()[:2]
    return known[0] if len(known) == 1 else None


def _begun(
    request: AuthenticatedRequest, dataset: Dataset, form: ExtractionForm
) -> FeatureSet | None:
    try:
        return extraction.extract(
            dataset=dataset, extractor=form.extractor, options=form.options,
            **form.cleaned_data, by=request.user,
        )  # fmt: skip
    except UserError as error:
        form.show_error(error)
        return None


def _feature_set(request: HttpRequest, feature_set_id: str) -> FeatureSet:
    visible = FeatureSet.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("dataset__team", "job"), pk=feature_set_id)

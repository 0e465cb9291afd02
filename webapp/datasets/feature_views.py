"""Pages that register features and show what is known of them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from ml.data.features import provenance
from ml.data.features.layouts import titles
from ml.data.features.lengths import IN_WORDS
from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, permissions_of, require
from webapp.common.errors import UserError
from webapp.common.schema import settings_of
from webapp.datasets import extracted, features
from webapp.datasets.feature_forms import FeatureSetForm
from webapp.datasets.folders import suggested_folders
from webapp.datasets.models import Dataset, Extractor, FeatureSet
from webapp.datasets.recipes import REMAINDERS
from webapp.jobs.provenance import facts_of
from webapp.jobs.services import waiting_reason
from webapp.jobs.stage_progress import progress_of


@get_or_post
def new(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)
    require(request.user, Permission.DATASET_IMPORT, team=dataset.team)
    form = FeatureSetForm(request.POST or None, dataset=dataset)
    if form.is_valid() and (feature_set := _imported(request, dataset, form)):
        return redirect(feature_set)
    context = {"dataset": dataset, "form": form, "folders": suggested_folders()}
    status = 422 if form.is_bound else 200
    return render(request, "datasets/new_feature_set.html", context, status=status)


def _imported(
    request: AuthenticatedRequest, dataset: Dataset, form: FeatureSetForm
) -> FeatureSet | None:
    try:
        return features.import_features(dataset=dataset, **form.answers(), by=request.user)
    except UserError as error:
        show_error(form, error)
        return None


@require_safe
def detail(request: HttpRequest, feature_set_id: str) -> HttpResponse:
    feature_set = _feature_set(request, feature_set_id)
    job = feature_set.job
    granted = permissions_of(request.user, team=feature_set.dataset.team)
    context = _making(feature_set) | {
        "feature_set": feature_set,
        "dataset": feature_set.dataset,
        "job": job,
        "stage": progress_of(job),
        "is_going_on": feature_set.state == "reading",
        "reason": (waiting_reason(job) or job.reason) if job else "",
        "layout": titles().get(feature_set.layout, ""),
        "provenance": provenance.in_words(feature_set.provenance),
        "rules": [(IN_WORDS[rule], n) for rule, n in feature_set.health.get("rules", {}).items()],
        "n_files": feature_set.files.count(),
        "n_videos": feature_set.dataset.videos.ready().count(),
        "may_import": Permission.DATASET_IMPORT in granted,
        "may_cancel": Permission.RUN_CANCEL in granted,
        "may_delete": Permission.DATASET_DELETE in granted,
    }
    return render(request, "datasets/feature_set.html", context)


def _making(feature_set: FeatureSet) -> dict[str, Any]:
    """What is known of features that are made here."""
    if not feature_set.is_made_here:
        return {}
    recipe = feature_set.recipe
    extractor = Extractor.objects.filter(pk=recipe["extractor"]).first()
    schema = extractor.schema if extractor else {"properties": {}}
    return {
        "extractor": extractor,
        "options": settings_of(schema, recipe["options"]),
        "remainder": REMAINDERS[recipe["remainder"]],
        "made_with": [facts_of(each) for each in extracted.made_with(feature_set)],
    }


@require_POST
def read_again(request: AuthenticatedRequest, feature_set_id: str) -> HttpResponse:
    feature_set = _feature_set(request, feature_set_id)
    features.read_again(feature_set=feature_set, by=request.user)
    messages.success(request, _("The files are being read again."))
    return redirect(feature_set)


def _feature_set(request: HttpRequest, feature_set_id: str) -> FeatureSet:
    visible = FeatureSet.objects.visible_to(request.user)
    return get_object_or_404(visible.select_related("dataset__team", "job"), pk=feature_set_id)

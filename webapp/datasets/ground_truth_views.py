"""Pages that bring ground truth, show how it lies against the videos, and accept it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, permissions_of, require
from webapp.common.errors import UserError
from webapp.datasets import annotation_imports
from webapp.datasets.alignment_page import AlignmentPage
from webapp.datasets.ground_truth_forms import GroundTruthForm
from webapp.datasets.models import AnnotationImport, Dataset
from webapp.jobs.services import waiting_reason


@get_or_post
def new(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)
    require(request.user, Permission.DATASET_IMPORT, team=dataset.team)
    form = GroundTruthForm(request.POST or None, request.FILES or None, dataset=dataset)
    if form.is_valid() and (draft := _started(request, dataset, form)):
        return redirect("datasets:ground_truth", draft.pk)
    context = {"dataset": dataset, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "datasets/new_ground_truth.html", context, status=status)


def _started(
    request: AuthenticatedRequest, dataset: Dataset, form: GroundTruthForm
) -> AnnotationImport | None:
    try:
        return annotation_imports.start_annotation_import(
            dataset=dataset, given=form.given(), by=request.user
        )
    except UserError as error:
        show_error(form, error)
        return None


@require_safe
def detail(request: AuthenticatedRequest, draft_id: str) -> HttpResponse:
    return _page(request, _draft(request, draft_id))


@require_POST
def accept(request: AuthenticatedRequest, draft_id: str) -> HttpResponse:
    draft = _draft(request, draft_id)
    accepted = request.POST.getlist("repairs")
    try:
        stored = annotation_imports.accept_annotation_import(
            draft=draft, repairs=accepted, by=request.user
        )
    except UserError as error:
        return _page(request, draft, error=str(error), accepted=accepted, status=422)
    messages.success(request, _("Stored as ground truth v%d.") % stored.version)
    return redirect(reverse("datasets:detail", args=[draft.dataset_id]) + "?tab=ground-truth")


def _page(
    request: AuthenticatedRequest, draft: AnnotationImport, *, status: int = 200, **shown: Any
) -> HttpResponse:
    granted = permissions_of(request.user, team=draft.dataset.team)
    job = draft.job
    context = {
        "draft": draft,
        "dataset": draft.dataset,
        "job": job,
        "reason": (waiting_reason(job) or job.reason) if job else "",
        "page": AlignmentPage(draft.alignment, all_rows="all" in request.GET)
        if draft.alignment
        else None,
        "may_accept": Permission.DATASET_IMPORT in granted and draft.state == "draft",
    }
    return render(request, "datasets/ground_truth.html", context | shown, status=status)


def _draft(request: HttpRequest, draft_id: str) -> AnnotationImport:
    drafts = AnnotationImport.objects.visible_to(request.user)
    joined = drafts.select_related("dataset__team", "job", "annotation_set", "created_by")
    found: AnnotationImport = get_object_or_404(joined, pk=draft_id)
    return found

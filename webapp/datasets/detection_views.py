"""Pages that have persons found, show how that goes, and end it or go on with it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, permissions_of, require
from webapp.common.errors import UserError
from webapp.common.schema import settings_of
from webapp.datasets import detection
from webapp.datasets.detection_forms import DetectionForm
from webapp.datasets.folders import suggested_folders
from webapp.datasets.models import Dataset, Detection, Detector
from webapp.jobs.services import waiting_reason


@get_or_post
def new(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    """Choose a detector, then fill in its form."""
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)
    require(request.user, Permission.DATASET_IMPORT, team=dataset.team)
    detector = _chosen(request)
    data = request.POST.dict() if request.method == "POST" else None
    form = DetectionForm(data, detector=detector) if detector else None
    if form and form.is_valid() and (begun := _begun(request, dataset, form)):
        return redirect(begun)
    context = {
        "dataset": dataset,
        "detectors": Detector.objects.all(),
        "detector": detector,
        "form": form,
        "folders": suggested_folders(),
    }
    status = 422 if form and form.is_bound else 200
    return render(request, "datasets/detect.html", context, status=status)


@require_safe
def detail(request: HttpRequest, detection_id: str) -> HttpResponse:
    found = _detection(request, detection_id)
    job, detector = found.job, Detector.objects.filter(pk=found.recipe["detector"]).first()
    granted = permissions_of(request.user, team=found.dataset.team)
    options = found.recipe["options"]
    context = {
        "detection": found,
        "dataset": found.dataset,
        "job": job,
        "reason": (waiting_reason(job) or job.reason) if job else "",
        "detector": detector or found.recipe["detector"],
        "options": settings_of(detector.schema, options) if detector else [],
        "videos": found.videos.select_related("video").defer("video__pts_seconds"),
        "n_videos": found.dataset.videos.ready().count(),
        "may_import": Permission.DATASET_IMPORT in granted,
        "may_cancel": Permission.RUN_CANCEL in granted,
    }
    return render(request, "datasets/detection.html", context)


@require_POST
def cancel(request: AuthenticatedRequest, detection_id: str) -> HttpResponse:
    found = _detection(request, detection_id)
    detection.cancel(detection=found, by=request.user)
    messages.success(request, _("It is being cancelled. What was found so far is kept."))
    return redirect(found)


@require_POST
def resume(request: AuthenticatedRequest, detection_id: str) -> HttpResponse:
    found = _detection(request, detection_id)
    detection.resume(detection=found, by=request.user)
    messages.success(request, _("It goes on with the videos that are missing."))
    return redirect(found)


def _chosen(request: HttpRequest) -> Detector | None:
    if name := request.POST.get("detector") or request.GET.get("detector"):
        return get_object_or_404(Detector, pk=name)
    return None


def _begun(
    request: AuthenticatedRequest, dataset: Dataset, form: DetectionForm
) -> Detection | None:
    try:
        return detection.detect(
            dataset=dataset, name=form.cleaned_data["name"], detector=form.detector,
            options=form.options, files=form.paths, by=request.user,
        )  # fmt: skip
    except UserError as error:
        form.show_error(error)
        return None


def _detection(request: HttpRequest, detection_id: str) -> Detection:
    visible = Detection.objects.visible_to(request.user)
    joined = visible.select_related("dataset__team", "job", "region_set", "created_by")
    return get_object_or_404(joined, pk=detection_id)

"""Pages about datasets: list, new, and one dataset under its tabs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, permissions_of, require
from webapp.accounts.teams import current_team
from webapp.common.errors import UserError
from webapp.datasets import services
from webapp.datasets.folders import data_roots, suggested_folders
from webapp.datasets.forms import DatasetForm, ImportAgainForm, PublishedForm, VideoFilterForm
from webapp.datasets.ground_truth_forms import ListedDatasetForm
from webapp.datasets.listing import create_listed_dataset
from webapp.datasets.models import Dataset
from webapp.datasets.published import create_published_dataset
from webapp.jobs.services import waiting_reason

PAGE_SIZE = 60
TABS = ("videos", "import", "splits", "ground-truth", "features", "regions")


@require_safe
def dataset_list(request: AuthenticatedRequest) -> HttpResponse:
    team = current_team(request)
    datasets = Dataset.objects.visible_to(request.user).filter(team=team).with_facts()
    context = {
        "page_obj": Paginator(datasets, PAGE_SIZE).get_page(request.GET.get("page")),
        "may_import": Permission.DATASET_IMPORT in permissions_of(request.user, team=team),
    }
    return render(request, "datasets/list.html", context)


@get_or_post
def new(request: AuthenticatedRequest) -> HttpResponse:
    require(request.user, Permission.DATASET_IMPORT, team=current_team(request))
    form = DatasetForm(request.POST or None)
    if form.is_valid() and (dataset := _created(request, form, services.create_dataset)):
        return redirect("datasets:detail", dataset.pk)
    return _registration(request, form=form)


@require_POST
def new_listed(request: AuthenticatedRequest) -> HttpResponse:
    """Register videos that are not here."""
    require(request.user, Permission.DATASET_IMPORT, team=current_team(request))
    listed = ListedDatasetForm(request.POST, request.FILES)
    if listed.is_valid() and (dataset := _created(request, listed, create_listed_dataset)):
        return redirect("datasets:detail", dataset.pk)
    return _registration(request, listed=listed)


@require_POST
def new_published(request: AuthenticatedRequest) -> HttpResponse:
    """Register a benchmark by a folder of its features."""
    require(request.user, Permission.DATASET_IMPORT, team=current_team(request))
    published = PublishedForm(request.POST, auto_id="published_%s")
    if published.is_valid() and (dataset := _created(request, published, create_published_dataset)):
        return redirect("datasets:detail", dataset.pk)
    return _registration(request, published=published)


def _created(
    request: AuthenticatedRequest,
    form: DatasetForm | ListedDatasetForm,
    create: Callable[..., Dataset],
) -> Dataset | None:
    try:
        return create(team=current_team(request), **form.submission(), by=request.user)
    except UserError as error:
        show_error(form, error)
        return None


def _registration(request: HttpRequest, **filled: DatasetForm | ListedDatasetForm) -> HttpResponse:
    """All ways to register a dataset, one of them as it was filled in."""
    forms = {
        "form": DatasetForm(),
        "listed": ListedDatasetForm(),
        "published": PublishedForm(auto_id="published_%s"),
    } | filled
    context = forms | {"roots": data_roots(), "folders": suggested_folders()}
    status = 422 if any(form.is_bound for form in filled.values()) else 200
    return render(request, "datasets/new.html", context, status=status)


@require_safe
def detail(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = _dataset(request, dataset_id)
    tab = request.GET.get("tab", "")
    granted = permissions_of(request.user, team=dataset.team)
    context = _import_context(dataset) | {
        "tab": tab if tab in TABS else TABS[0],
        "may_import": Permission.DATASET_IMPORT in granted,
        "may_delete": Permission.DATASET_DELETE in granted,
        "may_run": Permission.RUN_SUBMIT in granted,
        "has_features": dataset.feature_sets.ready().exists(),
    }
    if context["tab"] == "videos":
        context |= _grid(request, dataset)
    if context["tab"] == "features":
        context["feature_sets"] = dataset.feature_sets.for_list()
        context["n_videos"] = dataset.videos.ready().count()
    return render(request, "datasets/detail.html", context)


def _grid(request: HttpRequest, dataset: Dataset) -> dict[str, Any]:
    form = VideoFilterForm(request.GET, dataset=dataset)
    videos = dataset.videos.without_times().with_ground_truth(dataset.ground_truth)
    page = Paginator(form.narrow(videos), PAGE_SIZE).get_page(request.GET.get("page"))
    return {"filter": form, "page_obj": page}


@require_safe
def progress(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """The part of the page that is asked for again and again while an import goes on."""
    context = _import_context(_dataset(request, dataset_id))
    if request.GET.get("shown") != context["state"]:
        return HttpResponseClientRefresh()  # the rest of the page changes with the state
    return render(request, "datasets/_progress.html", context)


def _import_context(dataset: Dataset) -> dict[str, Any]:
    job = dataset.import_job
    return {
        "dataset": dataset,
        "job": job,
        "state": f"{job.pk}-{job.status}" if job else "",
        "reason": (waiting_reason(job) or job.reason) if job else "",
    }


@require_POST
def normal_labels(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    """What is normal in the dataset, for whatever is read from now on."""
    dataset = _dataset(request, dataset_id)
    labels = services.labels_in(request.POST.get("normal_labels", ""))
    services.set_normal_labels(dataset=dataset, labels=labels, by=request.user)
    messages.success(request, _("Kept for what is imported from now on."))
    return redirect(f"{reverse('datasets:detail', args=[dataset.pk])}?tab=ground-truth")


@require_POST
def import_again(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = _dataset(request, dataset_id)
    form = ImportAgainForm(request.POST)
    services.import_again(dataset=dataset, by=request.user, frame_numbers=form.decision())
    messages.success(request, _("The folder is being imported again."))
    return redirect("datasets:detail", dataset.pk)


def _dataset(request: HttpRequest, dataset_id: str) -> Dataset:
    datasets = Dataset.objects.visible_to(request.user).with_facts()
    return get_object_or_404(datasets, pk=dataset_id)

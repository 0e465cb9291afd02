"""Submitting a run and acting on one. Pages that show numbers are in `webapp.results`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from webapp.accounts.models import Team
from webapp.accounts.permissions import Permission, require
from webapp.accounts.teams import current_team
from webapp.accounts.views import AuthenticatedRequest
from webapp.common.errors import UserError
from webapp.datasets.models import Dataset, Split
from webapp.jobs.services import queue_position, waiting_reason
from webapp.runs import equivalents, services
from webapp.runs.charts import learning_curve
from webapp.runs.forms import RunForm
from webapp.runs.models import Method, Run
from webapp.runs.split_choice import offered_splits
from webapp.runs.stage_progress import progress_of


@require_http_methods(["GET", "POST"])
def new(request: AuthenticatedRequest) -> HttpResponse:
    """Choose a method, then fill in its form. The address may prefill any field."""
    require(request.user, Permission.RUN_SUBMIT, team=chosen_team(request))
    method, splits = chosen_method(request), splits_of(request)
    if method is None or not splits:
        return _page(request, method)
    if request.method == "POST":
        return _submit(request, RunForm(request.POST.dict(), method=method, splits=splits))
    prefilled = from_address(request, splits)
    return _page(request, method, RunForm(method=method, splits=splits, prefilled=prefilled))


def _submit(request: AuthenticatedRequest, form: RunForm) -> HttpResponse:
    if not form.is_valid():
        return _page(request, form.method, form, status=422)
    try:
        run = services.create_run(**form.submission(), by=request.user)
    except UserError as error:
        form.show_error(error)
        return _page(request, form.method, form, status=error.status_code)
    messages.success(request, _("%s was submitted.") % run)
    return redirect(run)


def _page(
    request: AuthenticatedRequest,
    method: Method | None,
    form: RunForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "methods": Method.objects.order_by("supervision", "title"),
        "method": method,
        "form": form,
        "has_splits": form is not None or bool(splits_of(request)),
    }
    if form is not None:
        context["has_lost_split"] = names_lost_split(request, form.splits)
        context |= _equivalents(request, form)
    return render(request, "runs/new.html", context, status=status)


@require_POST
def equivalent(request: AuthenticatedRequest) -> HttpResponse:
    """The form as it stands, as a REST call and as a command."""
    method = get_object_or_404(Method, pk=request.POST.get("method", ""))
    form = RunForm(request.POST.dict(), method=method, splits=splits_of(request))
    return render(request, "runs/_equivalent.html", _equivalents(request, form))


def _equivalents(request: AuthenticatedRequest, form: RunForm) -> dict[str, str]:
    return {
        "rest_call": equivalents.rest_call(form, site_url=settings.SITE_URL),
        "command": equivalents.command(form, by=request.user),
    }


@require_GET
def progress(request: HttpRequest, run_id: str) -> HttpResponse:
    """The part of the run page that is asked for again and again until the run has ended."""
    run = _run(request, run_id)
    context = progress_context(run)
    response = render(request, "runs/_progress.html", context)
    if request.GET.get("shown") != context["state"]:
        response["HX-Refresh"] = "true"  # other parts of the page change with the state
    return response


def progress_context(run: Run) -> dict[str, Any]:
    job = run.current_job
    if job is None:
        return {"run": run, "state": run.status}
    return {
        "run": run,
        "job": job,
        "state": f"{job.pk}-{job.status}",
        "reason": waiting_reason(job) or job.reason,
        "position": queue_position(job),
        "stage": progress_of(run),
        "last_step": run.trainer.training_points.order_by("step")
        .values_list("step", flat=True)
        .last(),
    }


@require_GET
def curve(request: HttpRequest, run_id: str) -> JsonResponse:
    """The learning curve as a Plotly figure."""
    return JsonResponse(learning_curve(_run(request, run_id).trainer.training_points.all()))


@require_POST
def cancel(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    services.cancel_run(run=_run(request, run_id), by=request.user)
    return redirect("runs:detail", run_id)


@require_POST
def resume(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    services.resume_run(run=_run(request, run_id), by=request.user)
    return redirect("runs:detail", run_id)


def _run(request: HttpRequest, run_id: str) -> Run:
    return get_object_or_404(Run.objects.visible_to(request.user).for_list(), pk=run_id)


def chosen_team(request: HttpRequest) -> Team:
    """The team of the dataset that the address names, else the one that is worked in."""
    if dataset_id := request.GET.get("dataset"):
        datasets = Dataset.objects.visible_to(request.user).select_related("team")
        return get_object_or_404(datasets, pk=dataset_id).team
    return current_team(request)


def chosen_method(request: HttpRequest) -> Method | None:
    """The chosen one, or the only one there is."""
    if name := request.POST.get("method") or request.GET.get("method"):
        return get_object_or_404(Method, pk=name)
    methods = Method.objects.all()[:2]
    return methods[0] if len(methods) == 1 else None


def splits_of(request: HttpRequest) -> list[Split]:
    """What a form offers; a split that the address or the form names is among them."""
    named = (request.GET.get("split", ""), request.POST.get("split", ""))
    return offered_splits(chosen_team(request), named=named)


def from_address(request: HttpRequest, splits: Iterable[Split]) -> dict[str, str]:
    """`?dataset=` alone chooses that dataset's first split; other names are those of the form."""
    answers = request.GET.dict()
    offered = {split.pk: split.dataset_id for split in splits}
    if answers.get("split") in offered:
        return answers
    of_dataset = (pk for pk, dataset in offered.items() if dataset == answers.get("dataset"))
    return answers | {"split": next(of_dataset, "")}


def names_lost_split(request: HttpRequest, offered: Iterable[str]) -> bool:
    """The address names a split that is none of these; whoever sends a form has seen that."""
    return request.method == "GET" and request.GET.get("split", "") not in {"", *offered}

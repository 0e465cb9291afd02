"""Pages that bring splits, make them, and say which videos belong together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import UserError
from webapp.datasets import splits
from webapp.datasets.models import Dataset, Split
from webapp.datasets.split_forms import GroupsForm, SplitImportForm, SplitMakeForm, given_list


@require_safe
def new(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    return _page(request, _dataset(request, dataset_id))


@require_POST
def import_lists(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = _dataset(request, dataset_id)
    form = SplitImportForm(request.POST, request.FILES)

    def bring() -> list[Split]:
        name = form.cleaned_data["name"]
        return splits.import_split(dataset=dataset, name=name, files=form.lists(), by=request.user)

    if form.is_valid() and (made := _tried(form, bring)):
        return _made(request, dataset, made)
    return _page(request, dataset, lists=form)


@require_POST
def make(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = _dataset(request, dataset_id)
    form = SplitMakeForm(request.POST, dataset=dataset)

    def hold_out() -> list[Split]:
        return splits.make_split(dataset=dataset, **form.submission(), by=request.user)

    if form.is_valid() and (made := _tried(form, hold_out)):
        return _made(request, dataset, made)
    return _page(request, dataset, make=form)


@require_POST
def groups(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = _dataset(request, dataset_id)
    form = GroupsForm(request.POST, request.FILES)

    def take() -> bool:
        file = given_list(form.cleaned_data["groups"])
        for finding in splits.set_groups(dataset=dataset, file=file, by=request.user):
            messages.warning(request, f"{finding.subject}: {finding.text}.")
        return True

    if form.is_valid() and _tried(form, take):
        messages.success(request, _("The groups are stored, and all splits were looked at anew."))
        return redirect(_tab(dataset))
    return _page(request, dataset, groups=form)


def _tried(form: forms.Form, act: Callable[[], Any]) -> Any:
    """What `act` returns, or None once the form shows why it was refused."""
    try:
        return act()
    except UserError as error:
        show_error(form, error)
        return None


def _made(request: AuthenticatedRequest, dataset: Dataset, made: list[Split]) -> HttpResponse:
    text = ngettext("%(split)s is made.", "%(split)s is made with %(n)d folds.", len(made))
    values = {"split": f"{made[0].name} v{made[0].version}", "n": len(made)}
    messages.success(request, text % values)
    return redirect(_tab(dataset))


def _page(request: AuthenticatedRequest, dataset: Dataset, **bound: forms.Form) -> HttpResponse:
    offered = {
        "lists": SplitImportForm(),
        "make": SplitMakeForm(dataset=dataset),
        "groups": GroupsForm(),
    }
    context = {"dataset": dataset} | offered | bound
    return render(request, "datasets/new_split.html", context, status=422 if bound else 200)


def _tab(dataset: Dataset) -> str:
    return reverse("datasets:detail", args=[dataset.pk]) + "?tab=splits"


def _dataset(request: AuthenticatedRequest, dataset_id: str) -> Dataset:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)
    require(request.user, Permission.DATASET_IMPORT, team=dataset.team)
    return dataset

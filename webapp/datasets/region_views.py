"""The page that brings regions of videos."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import UserError
from webapp.datasets import regions
from webapp.datasets.models import Dataset, RegionSet
from webapp.datasets.split_forms import given_list


class RegionsForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=regions.MAX_NAME_LENGTH,
        help_text=gettext_lazy("The same name again is the next version of the set."),
    )
    file = forms.FileField(
        label=gettext_lazy("Table"),
        help_text=gettext_lazy(
            "Columns: video; start_frame and end_frame, or frame; x, y, width, height, or x1, y1, "
            "x2, y2; label. Without a box a row is a clip, without frames it is all of the video."
        ),
    )


@get_or_post
def new(request: AuthenticatedRequest, dataset_id: str) -> HttpResponse:
    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=dataset_id)
    require(request.user, Permission.DATASET_IMPORT, team=dataset.team)
    form = RegionsForm(request.POST or None, request.FILES or None)
    if form.is_valid() and (made := _imported(request, dataset, form)):
        messages.success(request, _("%s is stored.") % made)
        return redirect(f"{reverse('datasets:detail', args=[dataset.pk])}?tab=regions")
    context = {"dataset": dataset, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "datasets/new_regions.html", context, status=status)


def _imported(
    request: AuthenticatedRequest, dataset: Dataset, form: RegionsForm
) -> RegionSet | None:
    file, name = given_list(form.cleaned_data["file"]), form.cleaned_data["name"]
    try:
        return regions.import_regions(dataset=dataset, name=name, file=file, by=request.user)
    except UserError as error:
        show_error(form, error)
        return None

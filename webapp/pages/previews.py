"""Previews of clips: asked for with a run's config or one that is typed, and shown."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from webapp.accounts.forms import show_error
from webapp.accounts.http import AuthenticatedRequest, get_or_post
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import UserError
from webapp.common.ranges import file_response
from webapp.datasets import drawing, previewing
from webapp.datasets.models import ClipPreview, Video
from webapp.jobs.services import waiting_reason
from webapp.runs.models import Run

NEW_FRAMES = 125  # of the form as it comes, at most: five seconds of 25
MOST_RUNS = 300  # the newest, to choose the config of


class PreviewForm(forms.Form):
    start_frame = forms.IntegerField(label=_("First frame"), min_value=0)
    last_frame = forms.IntegerField(label=_("Last frame"), min_value=0)
    left = forms.IntegerField(label=_("Left"), required=False, min_value=0)
    top = forms.IntegerField(label=_("Top"), required=False, min_value=0)
    width = forms.IntegerField(label=_("Width"), required=False, min_value=1)
    height = forms.IntegerField(
        label=_("Height"), required=False, min_value=1,
        help_text=_("Without a box it is all of the picture."),
    )  # fmt: skip
    run = forms.ModelChoiceField(
        label=_("As in the run"),
        queryset=Run.objects.none(),
        required=False,
        empty_label=_("none: as typed below"),
    )
    picture_size = forms.IntegerField(
        label=_("Picture size"), initial=224, min_value=32, max_value=512
    )
    clip_length = forms.IntegerField(
        label=_("Pictures of a clip"), initial=16, min_value=2, max_value=128
    )
    frame_rate = forms.FloatField(
        label=_("Frame rate"), initial=30, min_value=0, max_value=240,
        help_text=_("To which the clip is brought first; 0: as it is."),
    )  # fmt: skip
    contrast = forms.ChoiceField(
        label=_("Contrast"), choices=[("none", "none"), ("clahe", "clahe")]
    )
    difference = forms.ChoiceField(
        label=_("Difference"), choices=[("signed", "signed"), ("absolute", "absolute")]
    )
    flow_by = forms.ChoiceField(
        label=_("Flow by"), choices=[("farneback", "farneback"), ("dis", "dis")]
    )

    def __init__(self, data: Any, *, video: Video, user: Any, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        runs = Run.objects.visible_to(user).filter(dataset=video.dataset).select_related("method")
        newest = runs.order_by("-pk")[:MOST_RUNS]
        ids = [run.pk for run in newest if run.method and run.method.reads_clips]
        self.fields["run"].queryset = Run.objects.filter(pk__in=ids)  # type: ignore[attr-defined]

    @property
    def clip(self) -> dict[str, Any]:
        given = self.cleaned_data
        sides = {side: given[side] for side in drawing.SIDES}
        return {"start_frame": given["start_frame"], "end_frame": given["last_frame"] + 1} | sides

    @property
    def options(self) -> dict[str, Any]:
        given = self.cleaned_data
        typed = {name: given[name] for name in previewing.OPTIONS if name in given}
        return dict(given["run"].config) if given["run"] else typed


@get_or_post
def new(request: AuthenticatedRequest, video_id: str) -> HttpResponse:
    """For a clip of the address, or the first five seconds."""
    video = _video(request, video_id)
    require(request.user, Permission.RUN_SUBMIT, team=video.dataset.team)
    last = min(video.n_frames, NEW_FRAMES) - 1
    initial = {"start_frame": 0, "last_frame": last, **request.GET.dict()}
    form = PreviewForm(request.POST or None, video=video, user=request.user, initial=initial)
    if form.is_valid() and (made := _made(request, video, form)):
        return redirect(made)
    context = {"video": video, "form": form}
    return render(
        request, "results/new_preview.html", context, status=422 if form.is_bound else 200
    )


@require_safe
def detail(request: HttpRequest, preview_id: str) -> HttpResponse:
    found = _preview(request, preview_id)
    job = found.job
    context = {
        "preview": found,
        "video": found.video,
        "job": job,
        "reason": (waiting_reason(job) or job.reason) if job else "",
        "rows": list(enumerate(found.rows)),
    }
    return render(request, "results/preview.html", context)


@require_safe
def sheet(request: HttpRequest, preview_id: str) -> HttpResponseBase:
    return file_response(request, _preview(request, preview_id).sheet, content_type="image/png")


def _made(request: AuthenticatedRequest, video: Video, form: PreviewForm) -> ClipPreview | None:
    try:
        return previewing.preview(
            video=video, clip=form.clip, options=form.options, by=request.user
        )
    except UserError as error:
        show_error(form, error)
        return None


def _video(request: HttpRequest, video_id: str) -> Video:
    videos = Video.objects.visible_to(request.user).select_related("dataset__team")
    found: Video = get_object_or_404(videos.without_times(), pk=video_id)
    return found


def _preview(request: HttpRequest, preview_id: str) -> ClipPreview:
    visible = ClipPreview.objects.visible_to(request.user)
    joined = visible.select_related("video__dataset", "job").defer("video__pts_seconds")
    return get_object_or_404(joined, pk=preview_id)

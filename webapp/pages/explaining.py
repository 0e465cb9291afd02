"""Explanations on the video page: asked for by a button, shown where they are there."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.common.errors import UserError
from webapp.datasets.models import Video
from webapp.jobs.models import Job
from webapp.pages.video_page import VideoPage
from webapp.results.models import GRAD_CAM, SEGMENTS
from webapp.results.scores import explaining
from webapp.runs.models import Run


@require_POST
def explain(request: AuthenticatedRequest, video_id: str) -> HttpResponse:
    """The frames from `from` up to, not including, `to` of the run; without both all of them."""
    video = _video(request, video_id)
    run = get_object_or_404(Run.objects.visible_to(request.user), pk=request.POST.get("run", ""))
    layer = request.POST.get("layer", "").strip()
    explaining.explain(run=run, video=video, frames=_frames(request), layer=layer, by=request.user)
    shown = {"run": run.pk, "f": request.POST.get("frame", "0")}
    return redirect(f"{reverse('results:video', args=[video.pk])}?{urlencode(shown)}")


@require_safe
def explained(request: HttpRequest, video_id: str) -> HttpResponse:
    """What there is by now of the runs in the address: asked again while a job goes on."""
    runs = Run.objects.visible_to(request.user)
    page = VideoPage(_video(request, video_id), runs, request.GET.getlist("run"))
    return JsonResponse(state_of(page) | {"maps": page.maps})


def state_of(page: VideoPage) -> dict[str, Any]:
    """By run: the targets whose segments are explained, all targets with the layer that they are
    explained by, the job that goes on or failed, and why there can be none."""
    jobs: dict[str, Job] = {}
    for job in explaining.jobs_on(page.video, [each.run_id for each in page.score_sets]):
        jobs.setdefault(job.subject_id, job)
    targets: dict[str, list[str]] = {}
    explained: dict[str, list[list[str]]] = {}
    for each in page.explanations:
        if each.kind == SEGMENTS:
            targets.setdefault(each.run_id, []).append(each.target)
        if each.kind in (SEGMENTS, GRAD_CAM):
            explained.setdefault(each.run_id, []).append([each.target, each.layer])
    return {
        "segments": {
            each.run_id: {
                "targets": targets.get(each.run_id, []),
                "explained": explained.get(each.run_id, []),
                "why_not": explaining.why_not(each.run),
                "job": _facts_of(jobs.get(each.run_id), page.video),
            }
            for each in page.score_sets
        }
    }


def _facts_of(job: Job | None, video: Video) -> dict[str, Any] | None:
    """Of the last one on the video. One that succeeded is told by what it made."""
    if job is None or job.status == Job.Status.SUCCEEDED:
        return None
    return {
        "url": reverse("jobs:detail", args=[job.pk]),
        "is_over": job.is_terminal,
        "status": job.get_status_display(),
        "reason": job.reason,
        "layer": job.spec["layer"],
        "targets": [each["target"] for each in job.spec["parts"] if each["video"] == video.pk],
    }


def _frames(request: AuthenticatedRequest) -> tuple[int, int] | None:
    given = [request.POST.get(name, "") for name in ("from", "to")]
    if not any(given):
        return None
    if not all(each.isdecimal() and len(each) <= 10 for each in given):
        raise UserError(_("“%s” are no frames.") % " – ".join(given))
    first, end = map(int, given)
    return first, end


def _video(request: HttpRequest, video_id: str) -> Video:
    videos = Video.objects.visible_to(request.user).select_related("dataset__team")
    found: Video = get_object_or_404(videos.without_times(), pk=video_id)
    return found

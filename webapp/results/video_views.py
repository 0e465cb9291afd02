"""The video page and what it fetches while somebody looks at it."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ml.records import Interval as IntervalRecord
from ml.records import frame_labels
from webapp.datasets.models import Video
from webapp.results.alarms import operating_point
from webapp.results.charts import Figure, score_figure
from webapp.results.curves import FEWEST_POINTS, MAX_POINTS, curve_of
from webapp.results.models import VideoScores
from webapp.results.video_page import VideoPage, intervals_on, scores_on

CONTACT_SHEET_COLUMNS = 12
COMPACT = (",", ":")
CACHED = "private, max-age=600"  # scores of a run never change, but the way to draw them may


@require_safe
def video(request: HttpRequest, video_id: str) -> HttpResponse:
    """Player, ground truth and score curves on one clock. The address holds the state."""
    page = VideoPage(_video(request, video_id), request.user, request.GET.getlist("run"))
    if not page.video.n_frames:  # rejected, whether or not the file is still there
        return render(request, "results/video_rejected.html", {"video": page.video})
    first, last = _window(request, page.video)
    context = {
        "page": page,
        "video": page.video,
        "data": _data(request, page),
        "figure": _figure(request, page.video, page.shown, first, last) if page.shown else None,
        "thumbnail_columns": range(CONTACT_SHEET_COLUMNS),
    }
    return render(request, "results/video.html", context)


@require_safe
def curve(request: HttpRequest, video_id: str) -> HttpResponse:
    """The score figure of some runs over a window of frames."""
    found = _video(request, video_id)
    first, last = _window(request, found)
    figure = _figure(request, found, request.GET.getlist("run"), first, last)
    return JsonResponse(
        figure, headers={"Cache-Control": CACHED}, json_dumps_params={"separators": COMPACT}
    )


@require_safe
def scores(request: HttpRequest, video_id: str) -> HttpResponse:
    """Float32, little endian, one per frame of the window; NaN where there is none."""
    row = _row(request, _video(request, video_id))
    first, last = _window(request, row.video)
    values = row.scores.to_frames(row.video.n_frames)[first:last]
    return HttpResponse(
        values.astype("<f4").tobytes(),
        content_type="application/octet-stream",
        headers={"Cache-Control": CACHED},
    )


@require_safe
def alarms(request: HttpRequest, video_id: str) -> HttpResponse:
    """What one threshold does to the scores of one run."""
    row = _row(request, _video(request, video_id))
    intervals = intervals_on(row.video, row.score_set.run.annotation_set)
    labels = frame_labels(
        (IntervalRecord(start_frame=i.start_frame, end_frame=i.end_frame) for i in intervals),
        row.video.n_frames,
    )
    point = operating_point(
        row.scores.to_frames(row.video.n_frames),
        labels,
        threshold=_number(request, "threshold", math.inf),
        fps=row.video.fps,
    )
    return JsonResponse(asdict(point), headers={"Cache-Control": CACHED})


def _video(request: HttpRequest, video_id: str) -> Video:
    videos = Video.objects.visible_to(request.user).select_related("dataset").without_times()
    return get_object_or_404(videos, pk=video_id)


def _row(request: HttpRequest, video: Video) -> VideoScores:
    rows = scores_on(video, request.user)
    return get_object_or_404(rows, score_set__run=request.GET.get("run", ""))


def _figure(
    request: HttpRequest, video: Video, run_ids: list[str], first: int, last: int
) -> Figure:
    rows = scores_on(video, request.user).filter(score_set__run__in=run_ids)
    by_run = {row.score_set.run_id: row for row in rows}
    if missing := [run_id for run_id in run_ids if run_id not in by_run]:
        raise Http404(f"no scores of {', '.join(missing)}")
    max_points = round(_number(request, "max_points", MAX_POINTS))
    n_points = int(np.clip(max_points, FEWEST_POINTS, MAX_POINTS))
    curves = [
        curve_of(by_run[run_id], first=first, last=last, max_points=n_points) for run_id in run_ids
    ]
    return score_figure(curves, first=first, last=last)


def _window(request: HttpRequest, video: Video) -> tuple[int, int]:
    """`from` and `to` (exclusive) of the address, inside the video and never empty."""
    first = _number(request, "from", 0)
    last = _number(request, "to", video.n_frames)
    first = int(np.clip(first, 0, video.n_frames - 1))
    return first, int(np.clip(last, first + 1, video.n_frames))


def _number(request: HttpRequest, name: str, default: float) -> float:
    text = request.GET.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        sentence = _("%(name)s is “%(text)s” where a number is expected.")
        raise BadRequest(sentence % {"name": name, "text": text})
    return value


def _data(request: HttpRequest, page: VideoPage) -> dict[str, Any]:
    """What the scripts of the page know."""
    video = page.video
    first, last = _window(request, video)
    return {
        "n_frames": video.n_frames,
        "fps": video.fps,
        "proxy_fps": video.proxy_fps or video.fps,
        "events": [event.start_frame for event in page.events],
        "runs": {
            each.run.pk: {"name": each.run.name, "lowest": each.lowest, "highest": each.highest}
            for each in page.runs
        },
        "shown": page.shown,
        "frame": int(np.clip(_number(request, "f", 0), 0, video.n_frames - 1)),
        "window": [first, last],
        "threshold": _number(request, "t", math.nan) if request.GET.get("t") else None,
        "urls": {
            name: reverse(f"results:{name}", args=[video.pk])
            for name in ("curve", "scores", "alarms")
        },
    }

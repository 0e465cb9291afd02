"""The video page and what it fetches while somebody looks at it.

The answers are functions of the runs that the viewer may see, so that every door to a video
shows the same page with what it lets through.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

import numpy as np
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from ml.evaluation.settings import MAX_SECONDS
from ml.records import Interval as IntervalRecord
from ml.records import Scores, frame_labels
from webapp.accounts.permissions import Permission, permissions_of
from webapp.common.ranges import file_response
from webapp.datasets.models import Video
from webapp.datasets.seconds import clock_for_scripts
from webapp.pages.drawing import facts_for_drawing
from webapp.pages.explaining import state_of
from webapp.pages.video_page import VideoPage, intervals_on
from webapp.results.figures.charts import Figure, score_figure
from webapp.results.figures.curves import FEWEST_POINTS, MAX_POINTS, curve_of
from webapp.results.models import ERRORS, PICTURES, SEGMENTS, ScoreSet
from webapp.results.scores.explanations import explanation_on
from webapp.results.scores.reading import read_scores_on, score_sets_on
from webapp.results.studies.alarms import operating_point
from webapp.runs.models import Run

CONTACT_SHEET_COLUMNS = 12
COMPACT = (",", ":")
CACHED = "private, max-age=600"  # scores of a run never change, but the way to draw them may
# What the page asks for later, each at its address.
FETCHED = ("curve", "scores", "alarms", "explanation")


@require_safe
def video(request: HttpRequest, video_id: str) -> HttpResponse:
    """Player, ground truth and score curves on one clock. The address holds the state."""
    found = _video(request, video_id, with_times=True)
    if not found.n_frames:  # rejected, whether or not the file is still there
        return render(request, "results/video_rejected.html", {"video": found})
    page = VideoPage(found, _runs(request), request.GET.getlist("run"))
    urls = {name: reverse(f"results:{name}", args=[found.pk]) for name in FETCHED}
    context = page_context(request, page, urls=urls, media=_media_urls(found))
    granted = permissions_of(request.user, team=found.dataset.team)
    context["may_share"] = Permission.SHARE_CREATE in granted
    context |= {"may_explain": Permission.RUN_SUBMIT in granted, "is_explained": True}
    context["data"] |= state_of(page)
    if found.proxy and found.width:
        context["data"]["regions"] = facts_for_drawing(request, found)
    context["data"]["urls"] |= {
        "explained": reverse("results:explained", args=[found.pk]),
        "reasons": urls["explanation"],
    }
    # A map may come while the page is open.
    context["has_heat"] |= bool(found.proxy) and page.may_be_explained
    return render(request, "results/video.html", context)


@require_safe
def curve(request: HttpRequest, video_id: str) -> HttpResponse:
    return curve_answer(request, _video(request, video_id), _runs(request))


@require_safe
def scores(request: HttpRequest, video_id: str) -> HttpResponse:
    return scores_answer(request, _video(request, video_id), _runs(request))


@require_safe
def alarms(request: HttpRequest, video_id: str) -> HttpResponse:
    return alarms_answer(request, _video(request, video_id, with_times=True), _runs(request))


@require_safe
def explanation(request: HttpRequest, video_id: str) -> HttpResponseBase:
    video = _video(request, video_id)
    return explanation_answer(request, video, _runs(request), kinds=[*PICTURES, SEGMENTS])


def page_context(
    request: HttpRequest, page: VideoPage, *, urls: dict[str, str], media: dict[str, str]
) -> dict[str, Any]:
    """For `results/video.html`.

    `urls` has an address for each of `FETCHED`. `media` has those of the `stream`, `poster`
    and `contact_sheet` that may be shown; without a stream the page has curves but no player,
    and no maps, which show what moves.
    """
    first, last = _window(request, page.video)
    has_picture = "stream" in media
    if not has_picture:
        urls = {name: url for name, url in urls.items() if name != "explanation"}
    return {
        "page": page,
        "video": page.video,
        "data": _data(request, page, with_maps=has_picture) | {"urls": urls},
        "no_maps": _why_no_maps(page, has_picture=has_picture),
        "has_heat": has_picture and bool(page.maps),
        "figure": _figure_of_page(request, page, first, last) if page.shown else None,
        "media": media,
        "thumbnail_columns": range(CONTACT_SHEET_COLUMNS),
    }


def curve_answer(request: HttpRequest, video: Video, runs: QuerySet[Run]) -> HttpResponse:
    """The score figure of some runs over a window of frames."""
    first, last = _window(request, video)
    wanted = request.GET.getlist("run")
    found = {each.run_id: each for each in score_sets_on(video, runs.filter(pk__in=wanted))}
    if missing := [run_id for run_id in wanted if run_id not in found]:
        raise Http404(f"no scores of {', '.join(missing)}")
    score_sets = [found[run_id] for run_id in wanted]
    events = _events(video, score_sets)
    figure = _figure(request, video, score_sets, first, last, events)
    return JsonResponse(
        figure, headers={"Cache-Control": CACHED}, json_dumps_params={"separators": COMPACT}
    )


def scores_answer(request: HttpRequest, video: Video, runs: QuerySet[Run]) -> HttpResponse:
    """Float32, little endian, one per frame of the window; NaN where there is none."""
    _score_set, found = _scores_of_run(request, video, runs)
    first, last = _window(request, video)
    values = found.to_frames(video.n_frames)[first:last]
    return HttpResponse(
        values.astype("<f4").tobytes(),
        content_type="application/octet-stream",
        headers={"Cache-Control": CACHED},
    )


def alarms_answer(request: HttpRequest, video: Video, runs: QuerySet[Run]) -> HttpResponse:
    """What one threshold does to the scores of one run."""
    score_set, found = _scores_of_run(request, video, runs)
    intervals = intervals_on(video, score_set.run.annotation_set)
    labels = frame_labels(
        (IntervalRecord(start_frame=i.start_frame, end_frame=i.end_frame) for i in intervals),
        video.n_frames,
    )
    point = operating_point(
        found.to_frames(video.n_frames),
        labels,
        threshold=_number(request, "threshold", math.inf),
        clock=video.clock,
        merge_seconds=_seconds(request, "merge_seconds"),
        hold_seconds=_seconds(request, "hold_seconds"),
    )
    return JsonResponse(asdict(point), headers={"Cache-Control": CACHED})


def explanation_answer(
    request: HttpRequest, video: Video, runs: QuerySet[Run], *, kinds: Collection[str] = PICTURES
) -> HttpResponseBase:
    """A sheet of tiles, error maps unless told; or as JSON what segments add, to members."""
    score_sets = score_sets_on(video, runs).filter(run=request.GET.get("run", ""))
    kind = request.GET.get("kind", ERRORS)
    named = {name: request.GET.get(name, "") for name in ("target", "layer")}
    if kind not in kinds:
        raise Http404(f"no {kind}")
    found = explanation_on(video, score_sets, kind=kind, **named)
    return file_response(request, found.sheet, content_type=found.content_type)


def _runs(request: HttpRequest) -> QuerySet[Run]:
    visible: QuerySet[Run] = Run.objects.visible_to(request.user)
    return visible


def _media_urls(video: Video) -> dict[str, str]:
    files = {"stream": video.proxy, "poster": video.poster, "contact_sheet": video.contact_sheet}
    return {
        name: reverse(f"datasets:{name}", args=[video.pk]) for name, file in files.items() if file
    }


def _video(request: HttpRequest, video_id: str, *, with_times: bool = False) -> Video:
    videos = Video.objects.visible_to(request.user).select_related("dataset__team")
    return get_object_or_404(videos if with_times else videos.without_times(), pk=video_id)


def _scores_of_run(
    request: HttpRequest, video: Video, runs: QuerySet[Run]
) -> tuple[ScoreSet, Scores]:
    """Of the run in the address. Raise Http404 where it has none of this video."""
    score_set = get_object_or_404(score_sets_on(video, runs), run=request.GET.get("run", ""))
    found = read_scores_on(video, [score_set])
    if score_set.run_id not in found:
        raise Http404(f"no scores of {score_set.run_id}")
    return score_set, found[score_set.run_id]


def _figure_of_page(request: HttpRequest, page: VideoPage, first: int, last: int) -> Figure:
    events = [(event.start_frame, event.last_frame + 1) for event in page.events]
    return _figure(request, page.video, page.score_sets_shown, first, last, events)


def _figure(
    request: HttpRequest,
    video: Video,
    score_sets: list[ScoreSet],
    first: int,
    last: int,
    events: list[tuple[int, int]],
) -> Figure:
    max_points = round(_number(request, "max_points", MAX_POINTS))
    n_points = int(np.clip(max_points, FEWEST_POINTS, MAX_POINTS))
    found = read_scores_on(video, score_sets)
    curves = [
        curve_of(
            score_set,
            found[score_set.run_id],
            first=first,
            last=last,
            n_frames=video.n_frames,
            max_points=n_points,
        )
        for score_set in score_sets
        if score_set.run_id in found
    ]
    return score_figure(curves, first=first, last=last, events=events)


def _events(video: Video, score_sets: list[ScoreSet]) -> list[tuple[int, int]]:
    """Of the ground truth that the run in front was submitted with."""
    if not score_sets:
        return []
    found = intervals_on(video, score_sets[0].run.annotation_set)
    return [(each.start_frame, each.end_frame) for each in found]


def _why_no_maps(page: VideoPage, *, has_picture: bool) -> str:
    """Empty where a heat map can be shown."""
    if not has_picture:
        return _("There is no picture here to lay a heat map over.")
    if page.maps:
        return ""
    if not page.runs:
        return _("No run has scored this video.")
    return _(
        "The runs on this video have no error maps: methods that look for errors in the picture "
        "make them when they score here. Scores of clips and features have maps once they are "
        "explained, where the network is known here that sees the frames; those that were brought "
        "in or mixed have none."
    )


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


def _seconds(request: HttpRequest, name: str) -> float:
    return float(np.clip(_number(request, name, 0), 0, MAX_SECONDS))


def _data(request: HttpRequest, page: VideoPage, *, with_maps: bool) -> dict[str, Any]:
    """What the scripts of the page know."""
    video = page.video
    maps = page.maps if with_maps else {}
    first, last = _window(request, video)
    return {
        "n_frames": video.n_frames,
        "clock": clock_for_scripts(video.clock),
        "proxy_fps": video.proxy_fps or video.fps,
        "events": [event.start_frame for event in page.events],
        "runs": {
            each.run.pk: {"name": each.run.name, "lowest": each.lowest, "highest": each.highest}
            for each in page.runs
        },
        "maps": maps,
        "heat": request.GET.get("heat", ""),
        "shown": page.shown,
        "frame": int(np.clip(_number(request, "f", 0), 0, video.n_frames - 1)),
        "window": [first, last],
        "threshold": _number(request, "t", math.nan) if request.GET.get("t") else None,
    }

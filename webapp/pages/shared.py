"""What an outsider with a share link sees: one thing, and nothing that leads elsewhere.

The pages are drawn from the parts of the members' own. `is_shared` takes the links out of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from webapp.datasets.media import FILES, stored_file
from webapp.datasets.models import Video
from webapp.pages.compare import VideoCurves, figures_of
from webapp.pages.leaderboards import drawn
from webapp.pages.runs import results_of
from webapp.pages.video_page import VideoPage
from webapp.pages.videos import (
    FETCHED,
    alarms_answer,
    curve_answer,
    explanation_answer,
    page_context,
    scores_answer,
)
from webapp.results.studies.comparison import Comparison
from webapp.results.studies.leaderboards import Leaderboard
from webapp.runs.models import Run
from webapp.sharing.opened import Opened, closed, through_link
from webapp.sharing.services import count_view
from webapp.sharing.targets import ComparisonTarget, LeaderboardTarget, MomentTarget, RunTarget

# Browsers and programs that load a page which nobody looks at yet say so.
AHEAD_OF_TIME = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
# So do those that fetch a page to show what a link leads to, or to search it.
PROGRAMS = re.compile(r"bot\b|crawl|spider|preview|externalhit|whatsapp|unfurl", re.IGNORECASE)
# What the address of a moment may say; other words are added by whoever passed the link on.
STATE_OF_MOMENT = {"run", "f", "from", "to", "t"}


@through_link
def page(request: HttpRequest, opened: Opened) -> HttpResponse:
    template, context_of = PAGES[type(opened.target)]
    context = {"is_shared": True, "link": opened.link} | context_of(request, opened)
    response = render(request, template, context)
    if request.method == "GET" and _is_somebody(request):
        count_view(opened.link)
    return response


@through_link
def curve(request: HttpRequest, opened: Opened, video_id: str) -> HttpResponse:
    return curve_answer(request, *_covered(opened, video_id))


@through_link
def scores(request: HttpRequest, opened: Opened, video_id: str) -> HttpResponse:
    return scores_answer(request, *_moment(opened, video_id))


@through_link
def alarms(request: HttpRequest, opened: Opened, video_id: str) -> HttpResponse:
    return alarms_answer(request, *_moment(opened, video_id))


@through_link
def explanation(request: HttpRequest, opened: Opened, video_id: str) -> HttpResponseBase:
    return explanation_answer(request, *_pictured(opened, video_id))


@through_link
def stream(request: HttpRequest, opened: Opened, video_id: str) -> HttpResponseBase:
    return _picture(request, opened, video_id, "stream")


@through_link
def poster(request: HttpRequest, opened: Opened, video_id: str) -> HttpResponseBase:
    return _picture(request, opened, video_id, "poster")


@through_link
def contact_sheet(request: HttpRequest, opened: Opened, video_id: str) -> HttpResponseBase:
    return _picture(request, opened, video_id, "contact_sheet")


def _picture(request: HttpRequest, opened: Opened, video_id: str, name: str) -> HttpResponseBase:
    video, _runs = _pictured(opened, video_id)
    return stored_file(request, video, name)


def _pictured(opened: Opened, video_id: str) -> tuple[Video, QuerySet[Run]]:
    video, runs = _moment(opened, video_id)
    if not opened.link.includes_video:
        raise Http404("shared without its video")
    return video, runs


def _covered(opened: Opened, video_id: str) -> tuple[Video, QuerySet[Run]]:
    """The video and the runs that the link shows. Raise Http404 for any other video."""
    target = opened.target
    if not isinstance(target, ComparisonTarget | MomentTarget):
        raise Http404("no video is shared")
    if target.video is None or target.video.pk != video_id:
        raise Http404(f"{video_id} is not shared")
    return target.video, Run.objects.filter(pk__in=[run.pk for run in target.runs])


def _moment(opened: Opened, video_id: str) -> tuple[Video, QuerySet[Run]]:
    if not isinstance(opened.target, MomentTarget):
        raise Http404("only curves are shared")
    return _covered(opened, video_id)


@login_not_required
@require_safe
def nothing(request: HttpRequest, rest: str) -> HttpResponse:
    """Everything else below a link, such as its address with a slash after it."""
    return closed(request)


def _is_somebody(request: HttpRequest) -> bool:
    """A person looks at it, as far as the request tells."""
    if PROGRAMS.search(request.headers.get("User-Agent", "")):
        return False
    return not any(
        word in request.headers.get(name, "").lower()
        for name in AHEAD_OF_TIME
        for word in ("prefetch", "preview")
    )


# --- The pages


def _run_context(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    assert isinstance(opened.target, RunTarget)
    return {"run": opened.target.run} | results_of(request, opened.target.run)


@dataclass(frozen=True, kw_only=True)
class SharedCurves(VideoCurves):
    """Fetched from below the link."""

    address: str

    @property
    def figure_url(self) -> str:
        return f"{self.address}?{self.page.query}"


def _comparison_context(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    target = opened.target
    assert isinstance(target, ComparisonTarget)
    comparison = Comparison(target.runs, target.protocol, target.truth)
    facts = {"differing": comparison.differing_facts}  # how the runs are set stays with the team
    return figures_of(request, comparison) | facts | {"curves": _curves(target, opened)}


def _curves(target: ComparisonTarget, opened: Opened) -> SharedCurves | None:
    if target.video is None:
        return None
    wanted = [run.pk for run in target.runs]
    address = opened.address("curve", target.video.pk)
    runs = Run.objects.filter(team=opened.link.team)
    return SharedCurves(video=target.video, runs=runs, wanted=wanted, address=address)


def _leaderboard_context(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    assert isinstance(opened.target, LeaderboardTarget)
    board = Leaderboard(opened.target.dataset, opened.target.protocol)
    return {"board": board, "boards": [(each, figure, "") for each, figure in drawn(board)]}


def _moment_context(request: HttpRequest, opened: Opened) -> dict[str, Any]:
    """The visitor's address holds the state once it says anything, as on the members' page."""
    target = opened.target
    assert isinstance(target, MomentTarget)
    if not STATE_OF_MOMENT & set(request.GET):
        request.GET = QueryDict(urlencode(target.query, doseq=True))
    video, runs = _moment(opened, target.video.pk)
    wanted = request.GET.getlist("run")
    if not set(wanted) <= {run.pk for run in target.runs}:
        raise Http404("another run is not shared")
    found = VideoPage(video, runs, wanted)
    if not found.runs:
        raise Http404("its scores are gone")
    urls = {name: opened.address(name, video.pk) for name in FETCHED}
    return page_context(request, found, urls=urls, media=_media(opened, video))


def _media(opened: Opened, video: Video) -> dict[str, str]:
    if not opened.link.includes_video:
        return {}
    return {
        name: opened.address(name, video.pk)
        for name, (field, _type) in FILES.items()
        if getattr(video, field)
    }


Context = Callable[[HttpRequest, Opened], dict[str, Any]]
PAGES: dict[type, tuple[str, Context]] = {
    RunTarget: ("sharing/run.html", _run_context),
    ComparisonTarget: ("sharing/comparison.html", _comparison_context),
    LeaderboardTarget: ("sharing/leaderboard.html", _leaderboard_context),
    MomentTarget: ("sharing/moment.html", _moment_context),
}

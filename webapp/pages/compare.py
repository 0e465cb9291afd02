"""The page that compares runs. Its address holds its state."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.models import Team
from webapp.accounts.permissions import Permission, permissions_of
from webapp.accounts.teams import current_team
from webapp.common.long_lists import long_list
from webapp.datasets.models import AnnotationSet, Video
from webapp.pages.video_page import VideoPage
from webapp.pages.virtual_runs import mix_address
from webapp.results.figures.charts import (
    Point,
    class_figure,
    interval_figure,
    label_of,
    overlay_figure,
    video_scatter,
)
from webapp.results.files.classes import classes_table
from webapp.results.files.comparison import comparison_table
from webapp.results.files.tables import FORMATS, answer
from webapp.results.models import Protocol
from webapp.results.protocols.choice import offered_protocols, protocol_of
from webapp.results.studies.choice import chosen_truth, runs_in_order
from webapp.results.studies.comparison import MAX_RUNS, Comparison, truths_of
from webapp.results.studies.unevaluated import as_rows, unevaluated
from webapp.runs.models import Run

MAX_OFFERED = 100


@dataclass(frozen=True, kw_only=True)
class Choice:
    """What the address says: which runs, how, and on which video their curves are drawn."""

    runs: list[Run]
    team: Team  # of the first run, whose protocols are offered
    protocol: Protocol
    truth: AnnotationSet | None
    video: str = ""

    @property
    def query(self) -> str:
        parts = [
            *(("run", run.pk) for run in self.runs),
            ("protocol", self.protocol.slug),
            ("truth", self.truth.pk if self.truth else ""),
            ("video", self.video),
        ]
        return urlencode([(name, value) for name, value in parts if value])

    @property
    def address(self) -> str:
        return f"{reverse('results:compare')}?{self.query}"

    @property
    def evaluable(self) -> list[Run]:
        """A job evaluates each run against the ground truth that it was submitted with."""
        return [run for run in self.runs if self.truth in (None, run.annotation_set)]

    def without(self, run: Run) -> str:
        return replace(self, runs=[each for each in self.runs if each != run]).address

    def led_by(self, run: Run) -> str:
        """The address with `run` as what the others are measured by."""
        others = [each for each in self.runs if each != run]
        return replace(self, runs=[run, *others]).address


@dataclass(frozen=True, kw_only=True)
class VideoCurves:
    """Score curves of all compared runs over one video; the figure is fetched by the page."""

    video: Video
    runs: QuerySet[Run]
    wanted: list[str]

    @cached_property
    def page(self) -> VideoPage:
        return VideoPage(self.video, self.runs.filter(pk__in=self.wanted), self.wanted)

    @property
    def figure_url(self) -> str:
        return f"{reverse('results:curve', args=[self.video.pk])}?{self.page.query}"

    @property
    def page_url(self) -> str:
        return f"{reverse('results:video', args=[self.video.pk])}?{self.page.query}"


@require_safe
def compare(request: AuthenticatedRequest) -> HttpResponse:
    """`?run=` once for each run, the first being what the others are measured by."""
    choice = chosen(request)
    offered = Run.objects.visible_to(request.user).filter(team=current_team(request)).scored()
    context: dict[str, Any] = {
        "choice": choice,
        "runs": choice.runs,
        "protocol": choice.protocol,
        "protocols": offered_protocols(choice.team),
        "truths": truths_of(choice.runs) if choice.runs else [],
        "formats": FORMATS,
        "is_full": len(choice.runs) >= MAX_RUNS,
        "offered": offered.exclude(pk__in=[run.pk for run in choice.runs]).for_list()[:MAX_OFFERED],
    }
    if choice.runs:
        comparison = Comparison(choice.runs, choice.protocol, choice.truth)
        context |= figures_of(request, comparison)
        context["unevaluated"] = unevaluated(
            as_rows(choice.evaluable), [choice.protocol], user=request.user
        )
        granted = permissions_of(request.user, team=choice.runs[0].team)
        context["may_share"] = Permission.SHARE_CREATE in granted
        may_combine = Permission.RUN_SUBMIT in granted and not comparison.has_strangers
        context["combine_url"] = mix_address(run.pk for run in choice.runs) if may_combine else ""
        context["links"] = [(choice.led_by(run), choice.without(run)) for run in choice.runs]
        context["curves"] = curves_of(
            comparison, Run.objects.visible_to(request.user), choice.video
        )
    return render(request, "results/compare.html", context)


@require_safe
def export(request: AuthenticatedRequest, format: str) -> HttpResponseBase:
    """The whole table of numbers as a file."""
    choice = chosen(request)
    if not choice.runs:
        raise BadRequest(_("Name the runs to compare: run=…, once for each."))
    table = comparison_table(Comparison(choice.runs, choice.protocol, choice.truth))
    return answer(table, name=f"comparison-{choice.protocol.slug}", format=format)


@require_safe
def export_classes(request: AuthenticatedRequest, format: str) -> HttpResponseBase:
    """The numbers for each kind of anomaly as a file."""
    choice = chosen(request)
    if not choice.runs:
        raise BadRequest(_("Name the runs to compare: run=…, once for each."))
    table = classes_table(Comparison(choice.runs, choice.protocol, choice.truth))
    return answer(table, name=f"kinds-{choice.protocol.slug}", format=format)


def figures_of(request: HttpRequest, comparison: Comparison) -> dict[str, Any]:
    columns = comparison.columns
    labels = [label_of(each.label, each.run.is_selected_on_test) for each in columns]
    evaluated = [
        (each.run.pk, label, each.evaluation)
        for each, label in zip(columns, labels, strict=True)
        if each.evaluation
    ]
    name = comparison.metric_name
    points = [
        Point(each.run.pk, label, value, each.interval(name))
        for each, label in zip(columns, labels, strict=True)
        if (value := each.number(name)) is not None
    ]
    return {
        "comparison": comparison,
        "differing": comparison.differing,
        "videos": long_list(request, "videos", comparison.videos),
        "intervals": interval_figure(points, comparison.metric.title),
        "classes": class_figure(comparison.classes, columns),
        "roc": overlay_figure([(pk, name, each.roc) for pk, name, each in evaluated], "roc"),
        "pr": overlay_figure([(pk, name, each.pr) for pk, name, each in evaluated], "pr"),
        "scatter": video_scatter(comparison.videos, columns[:2]),
    }


def curves_of(comparison: Comparison, visible: QuerySet[Run], wanted: str) -> VideoCurves | None:
    """Over the wanted video, else that on which the runs differ most; None without any."""
    rows = comparison.videos[:1] or comparison.all_videos[:1]
    videos = {video.pk: video for video, _values in (comparison.all_videos if wanted else rows)}
    if wanted and wanted not in videos:
        raise Http404(f"no scores of {wanted}")
    chosen_video = videos.get(wanted) or next(iter(videos.values()), None)
    if chosen_video is None:
        return None
    runs = [column.run.pk for column in comparison.columns]
    return VideoCurves(video=chosen_video, runs=visible, wanted=runs)


def chosen(request: AuthenticatedRequest) -> Choice:
    runs = chosen_runs(request)
    team = runs[0].team if runs else current_team(request)
    return Choice(
        runs=runs,
        team=team,
        protocol=chosen_protocol(request, team),
        truth=chosen_truth(request.GET.get("truth", ""), runs),
        video=request.GET.get("video", ""),
    )


def chosen_runs(request: HttpRequest) -> list[Run]:
    """Those of the address, in its order; 404 for what the requester may not see."""
    wanted = list(dict.fromkeys(request.GET.getlist("run")))
    if len(wanted) > MAX_RUNS:
        raise BadRequest(_("At most %d runs can be compared at once.") % MAX_RUNS)
    return runs_in_order(Run.objects.visible_to(request.user), wanted)


def chosen_protocol(request: HttpRequest, team: Team | None) -> Protocol:
    """That of `?protocol=` among those of `team`, else the default one."""
    return protocol_of(request.GET.get("protocol", ""), team)

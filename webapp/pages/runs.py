"""Runs: their list, the page of one, what it asks for later, and its files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_POST, require_safe

from ml.evaluation import METRICS
from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, permissions_of
from webapp.accounts.teams import current_team
from webapp.common.long_lists import long_list
from webapp.common.schema import settings_of
from webapp.datasets.leaks import LEAK
from webapp.datasets.models import Video
from webapp.deleting.services import may_delete_run
from webapp.jobs.models import Job, JobQuerySet
from webapp.jobs.provenance import facts_of
from webapp.jobs.services import queue_position, waiting_reason
from webapp.jobs.stage_progress import progress_of
from webapp.jobs.views import log_context
from webapp.pages.compare import chosen_protocol
from webapp.pages.forms.runs import RunFilterForm, address_of_form
from webapp.pages.uploads import ScoresForm
from webapp.results.figures.charts import Figure, class_figure, roc_figure
from webapp.results.files.runs import run_table
from webapp.results.files.scores import score_file
from webapp.results.files.tables import FORMATS, answer
from webapp.results.models import Evaluation, ScoreSet
from webapp.results.protocols.choice import offered_protocols
from webapp.results.protocols.current_evaluations import evaluations_of, headline_evaluations
from webapp.results.scores.intake import progress as upload_progress
from webapp.results.scores.shortcuts import shortcut_of
from webapp.results.scores.virtual import members_of
from webapp.results.studies.comparison import Comparison
from webapp.results.studies.fold_table import FoldTable
from webapp.results.studies.reuse_of_test_set import n_looks
from webapp.results.studies.spreads import seed_spreads, seeds_of
from webapp.results.studies.unevaluated import Unevaluated, as_rows, unevaluated
from webapp.runs import services
from webapp.runs.charts import learning_curve
from webapp.runs.models import Run

PAGE_SIZE = 50


@require_safe
def run_list(request: AuthenticatedRequest) -> HttpResponse:
    """Newest first; `?after=` a run's id goes on below it, however many lie above."""
    team = current_team(request)
    form = RunFilterForm(request.GET, team=team)
    runs = form.narrow(Run.objects.visible_to(request.user).filter(team=team))
    if after := request.GET.get("after"):
        runs = runs.filter(pk__lt=after)
    page = list(runs.for_list().with_work_seconds()[: PAGE_SIZE + 1])
    shown = page[:PAGE_SIZE]
    numbers = headline_evaluations(shown)
    context = {
        "form": form,
        "rows": [{"run": run, "evaluation": numbers.get(run.pk)} for run in shown],
        "next_after": shown[-1].pk if len(page) > PAGE_SIZE else None,
        "may_submit": Permission.RUN_SUBMIT in permissions_of(request.user, team=team),
        "formats": FORMATS,
    }
    return render(request, "runs/list.html", context)


@require_safe
def detail(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    run = _run_with_facts(request, run_id)
    granted = permissions_of(request.user, team=run.team)
    jobs = list(run_jobs(run))
    context = progress_context(run)
    if run.current_job is not None:
        context |= log_context(job_of_log(run.current_job, jobs))
    context |= results_of(request, run)
    context |= belonging(run, context["evaluations"])
    context |= {
        "unevaluated": _unevaluated(request, run),
        "may_cancel": Permission.RUN_CANCEL in granted and run.is_going_on,
        "may_resume": Permission.RUN_SUBMIT in granted and run.can_resume,
        "may_delete": not run.is_going_on and may_delete_run(run, by=request.user, granted=granted),
        "may_submit": Permission.RUN_SUBMIT in granted,
        "may_share": Permission.SHARE_CREATE in granted,
        "leaks": [finding for finding in run.split.report if finding.get("kind") == LEAK],
        "curve": learning_curve(run.trainer.training_points.all()),
        "checkpoints": run.trainer.checkpoints.order_by("-step"),
        "settings": settings_of(run.method.schema, run.config) if run.method else [],
        "again_url": address_of_form(run),
        "members": members_of(run),
        "upload": upload_progress(run) if run.kind == Run.Kind.UPLOADED else None,
        "scores_form": ScoresForm(),
        "jobs": jobs,
        "provenances": [(job, facts_of(job.provenance)) for job in latest_of_each_kind(jobs)],
    }
    return render(request, "runs/detail.html", context)


@require_GET
def progress(request: HttpRequest, run_id: str) -> HttpResponse:
    """The part of the run page that is asked for again and again until the run has ended."""
    run = visible_run(request, run_id)
    context = progress_context(run)
    response = render(request, "runs/_progress.html", context)
    if request.GET.get("shown") != context["state"]:
        response["HX-Refresh"] = "true"  # other parts of the page change with the state
    return response


@require_GET
def curve(request: HttpRequest, run_id: str) -> JsonResponse:
    """The learning curve as a Plotly figure."""
    return JsonResponse(learning_curve(visible_run(request, run_id).trainer.training_points.all()))


@require_POST
def cancel(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    services.cancel_run(run=visible_run(request, run_id), by=request.user)
    return redirect("runs:detail", run_id)


@require_POST
def resume(request: AuthenticatedRequest, run_id: str) -> HttpResponse:
    services.resume_run(run=visible_run(request, run_id), by=request.user)
    return redirect("runs:detail", run_id)


@require_safe
def export(request: AuthenticatedRequest, format: str) -> HttpResponseBase:
    """Takes the filters of the list; numbers are those of `?protocol=`."""
    team = current_team(request)
    form = RunFilterForm(request.GET, team=team)
    narrowed = form.narrow(Run.objects.visible_to(request.user).filter(team=team))
    return answer(run_table(narrowed, chosen_protocol(request, team)), name="runs", format=format)


@require_safe
def export_scores(request: AuthenticatedRequest, run_id: str, format: str) -> HttpResponseBase:
    """What an upload takes, and gives the same numbers."""
    score_sets = ScoreSet.objects.visible_to(request.user).select_related("run__split")
    return score_file(get_object_or_404(score_sets, run_id=run_id), format)


def run_jobs(run: Run) -> JobQuerySet:
    """Newest first. The training of a run that scores another one's weights is that one's.

    So is its scoring, where one job has scored both.
    """
    own = Q(subject_id=run.pk)
    if run.trained_by_id:
        own |= Q(subject_id=run.trained_by_id, kind="train")
        own |= Q(pk=run.current_job_id) | Q(pk__in=ScoreSet.objects.filter(run=run).values("job"))
    return Job.objects.filter(own)


def job_of_log(current: Job, jobs: Iterable[Job]) -> Job:
    """That of the training once all has gone well: what follows it says little."""
    trainings = [job for job in jobs if not job.facts_of_kind.is_short]
    return trainings[0] if trainings and current.status == Job.Status.SUCCEEDED else current


def results_of(request: HttpRequest, run: Run) -> dict[str, Any]:
    """What the parts of the page that show numbers ask for."""
    evaluations = evaluations_of(run)
    return {
        "evaluations": evaluations,
        "n_looks": n_looks(run.split),
        "videos": long_list(request, "videos", video_rows(evaluations[0]) if evaluations else []),
        "roc": roc_figure(run.pk, _distinct_curves(evaluations)),
        "classes": _classes(run, evaluations),
        "formats": FORMATS,
        "shortcut": shortcut_of(run),
    }


def _classes(run: Run, evaluations: list[Evaluation]) -> Figure:
    """A bar for each kind of anomaly; empty where the ground truth names none."""
    if not evaluations or not evaluations[0].per_class:
        return {}
    shown = Comparison([run], evaluations[0].protocol)
    return class_figure(shown.classes, shown.columns)


def _unevaluated(request: AuthenticatedRequest, run: Run) -> Unevaluated | None:
    """Of a run that goes on its state says enough."""
    if run.scored_at is None or run.is_going_on:
        return None
    return unevaluated(as_rows([run]), offered_protocols(run.team), user=request.user)


def belonging(run: Run, evaluations: list[Evaluation]) -> dict[str, Any]:
    """The folds and seeds that `run` is one of, under the protocol that leads."""
    if not evaluations:
        return {}
    protocol = evaluations[0].protocol
    folds, seeds = FoldTable.of(run), seeds_of(run)
    spreads = seed_spreads(seeds, protocol) if len(seeds) > 1 else {}
    return {
        "protocol": protocol,
        "folds": folds,
        "fold_rows": folds.rows(protocol) if folds else [],
        "seeds": seeds,
        "seed_rows": [
            {"metric": METRICS[name], "spread": spread} for name, spread in spreads.items()
        ],
    }


def _distinct_curves(evaluations: Iterable[Evaluation]) -> list[tuple[str, dict[str, Any]]]:
    """Many protocols share a curve, since they differ in what they compute of it."""
    found: list[tuple[str, dict[str, Any]]] = []
    for each in evaluations:
        if all(each.roc != roc for _name, roc in found):
            found.append((str(each.protocol), each.roc))
    return found


def _run_with_facts(request: HttpRequest, run_id: str) -> Run:
    runs = Run.objects.visible_to(request.user).for_list().with_work_seconds()
    return get_object_or_404(
        runs.select_related("split", "annotation_set", "team", "sweep", "trained_by", "weights"),
        pk=run_id,
    )


def latest_of_each_kind(jobs: Iterable[Job]) -> list[Job]:
    """Of those that started, training before scoring; `jobs` come newest first."""
    started = [job for job in jobs if job.started_at]
    latest = {job.kind: job for job in reversed(started)}
    return list(latest.values())


@dataclass(frozen=True)
class VideoRow:
    """One video's share in an evaluation; `misordering` is what it takes away from an AUC of 1."""

    video: Video
    auroc: float | None
    n_frames: int
    n_abnormal_frames: int
    misordering: float | None


def video_rows(evaluation: Evaluation) -> list[VideoRow]:
    """Those that cost the most first."""
    entries: list[dict[str, Any]] = evaluation.per_video
    videos = Video.objects.without_times().in_bulk([entry["video_id"] for entry in entries])
    rows = [
        VideoRow(
            video=videos[entry["video_id"]],
            auroc=entry["auroc"],
            n_frames=entry["n_frames"],
            n_abnormal_frames=entry["n_abnormal_frames"],
            misordering=entry["misordering"],
        )
        for entry in entries
    ]
    return sorted(rows, key=lambda row: -(row.misordering or 0))


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
        "stage": progress_of(run.current_job),
        "last_step": run.trainer.training_points.order_by("step")
        .values_list("step", flat=True)
        .last(),
    }


def visible_run(request: HttpRequest, run_id: str) -> Run:
    return get_object_or_404(Run.objects.visible_to(request.user).for_list(), pk=run_id)

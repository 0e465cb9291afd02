"""The queue with its workers, and one job with its log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe
from django.views.decorators.vary import vary_on_headers

from webapp.accounts.http import AuthenticatedRequest
from webapp.accounts.permissions import Permission, has_permission
from webapp.accounts.teams import current_team
from webapp.common.errors import UserError
from webapp.jobs import services
from webapp.jobs.models import Job, JobQuerySet, WorkerNode

WAITING_SHOWN = 100
FINISHED_SHOWN = 20
TEXT = "text/plain; charset=utf-8"


@require_safe
def queue(request: AuthenticatedRequest) -> HttpResponse:
    jobs = Job.objects.visible_to(request.user).filter(team=current_team(request))
    context = {
        "queues": [_waiting(jobs, name) for name in Job.Queue.values],
        "running": jobs.active().select_related("worker").order_by("started_at"),
        "finished": jobs.filter(status__in=Job.TERMINAL).order_by("-finished_at")[:FINISHED_SHOWN],
        "workers": _workers(jobs),
    }
    return render(request, "jobs/queue.html", context)


def _waiting(jobs: JobQuerySet, queue: str) -> dict[str, Any]:
    """The team's waiting jobs with their places among those of all teams."""
    everybody = list(Job.objects.in_turn(queue).values_list("pk", flat=True))
    positions = {job_id: position for position, job_id in enumerate(everybody, start=1)}
    own = list(jobs.in_turn(queue)[:WAITING_SHOWN])
    rows = sorted((positions[job.pk], job) for job in own if job.pk in positions)
    return {
        "name": queue,
        "rows": rows,
        "reason": services.waiting_reason(own[0]) if own else "",
        "n_more": jobs.waiting().filter(queue=queue).count() - len(own),
    }


def _workers(visible: JobQuerySet) -> list[dict[str, Any]]:
    """Every worker with what it runs; other teams' jobs are counted, not named."""
    held = Job.objects.active().filter(worker__isnull=False).order_by("started_at")
    named = {job.pk: job for job in visible.active()}
    by_worker: dict[str, list[Job | None]] = {}
    for job_id, worker_id in held.values_list("pk", "worker_id"):
        by_worker.setdefault(str(worker_id), []).append(named.get(job_id))
    workers = WorkerNode.objects.order_by("-last_seen_at")
    return [{"node": node, "jobs": by_worker.get(node.name, [])} for node in workers]


@require_safe
@vary_on_headers("HX-Request")
def detail(request: AuthenticatedRequest, job_id: str) -> HttpResponse:
    """The whole page; for htmx only what changes while the job runs."""
    job = _job(request, job_id)
    context = {
        "job": job,
        "reason": services.waiting_reason(job) or job.reason,
        "position": services.queue_position(job),
        "tries": Job.objects.filter(team=job.team, kind=job.kind, subject_id=job.subject_id),
        "may_cancel": not job.is_terminal
        and has_permission(request.user, Permission.RUN_CANCEL, team=job.team),
    }
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "jobs/_live.html", context)
    return render(request, "jobs/detail.html", context | log_context(job))


def log_context(job: Job) -> dict[str, Any]:
    """What `jobs/_log.html` needs: the end of the log and its place in the whole."""
    data, following = services.log_tail(job)
    return {
        "log_job": job,
        "log_text": data.decode(errors="replace"),
        "log_start": following - len(data),
        "log_next": following,
    }


@require_safe
def log(request: HttpRequest, job_id: str) -> HttpResponseBase:
    """Bytes of the log from `?after=` on; the header X-Next-Offset says where to go on."""
    job = _job(request, job_id)
    if "download" in request.GET:
        return _download(job)
    data, following = services.read_log(job, after=_offset(request))
    headers = {"X-Next-Offset": str(following)} | ({"X-Job-Ended": "1"} if job.is_terminal else {})
    return HttpResponse(data, content_type=TEXT, headers=headers)


def _offset(request: HttpRequest) -> int:
    after = request.GET.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 16):
        raise UserError(_("“after” is a byte offset: a whole number from 0."), field="after")
    return int(after)


def _download(job: Job) -> StreamingHttpResponse:
    disposition = f'attachment; filename="{job.pk}.log"'
    return StreamingHttpResponse(
        _whole_log(job), content_type=TEXT, headers={"Content-Disposition": disposition}
    )


def _whole_log(job: Job) -> Iterator[bytes]:
    data, after = services.read_log(job, after=0)
    while data:
        yield data
        data, after = services.read_log(job, after=after)


@require_POST
def cancel(request: AuthenticatedRequest, job_id: str) -> HttpResponse:
    services.request_cancel(job=_job(request, job_id), by=request.user)
    return redirect("jobs:detail", job_id)


def _job(request: HttpRequest, job_id: str) -> Job:
    jobs = Job.objects.visible_to(request.user).select_related("team", "created_by", "worker")
    return get_object_or_404(jobs, pk=job_id)

"""The stages of a run: their jobs, which of them the run's state is, what happens when they end.

Whoever holds a job may wait for its run, so nobody who holds a run may wait for a job: where
one shard ends the others, that is done afterwards, one job at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.common.errors import ConflictError
from webapp.jobs import services as jobs
from webapp.jobs.models import Job, JobQuerySet
from webapp.runs.models import ENDED_BADLY, Run, Shard, Stage
from webapp.runs.sharding import shards_of

SETTLED = (*Job.TERMINAL, Job.Status.CANCELLING)
POINTLESS = (*ENDED_BADLY, Job.Status.CANCELLED)


def submit_job(run: Run, kind: str, *, queue: str, by: User | None, **values: Any) -> Job:
    values = {"spec": {}} | values
    return jobs.submit(
        team=run.team, kind=kind, subject_id=run.pk, title=run.name, queue=queue, by=by, **values
    )


@transaction.atomic
def begin(
    run: Run,
    kind: str,
    *,
    queue: str,
    by: User | None,
    retry_of: Job | None = None,
    is_cut: bool = True,
) -> Job:
    """Submit the jobs of a stage, in place of those it had. Return the one that leads.

    `is_cut`: scoring is shared among several where it is worth it.
    """
    cuts = shards_of(run, queue=queue) if kind == "score" and is_cut else [[]]
    submitted = [
        submit_job(run, kind, queue=queue, by=by, retry_of=retry_of, spec=_spec(number, len(cuts)))
        for number in range(1, len(cuts) + 1)
    ]
    set_jobs(run, submitted, cuts)
    return submitted[0]


def set_jobs(run: Run, submitted: Sequence[Job], cuts: Sequence[Sequence[str]] = ((),)) -> None:
    """That these jobs are a stage of the run: one for each of `cuts`, ids of its videos."""
    kind = submitted[0].kind
    stage, _ = Stage.objects.update_or_create(run=run, kind=kind, defaults={"threads": None})
    stage.shards.all().delete()
    Shard.objects.bulk_create(
        Shard(stage=stage, number=number, videos=list(videos), job=job)
        for number, (job, videos) in enumerate(zip(submitted, cuts, strict=True), start=1)
    )


def set_jobs_of_each(runs: Iterable[Run]) -> None:
    """As `set_jobs`, of many new runs with one job each."""
    stages = Stage.objects.bulk_create(Stage(run=run, kind=run.job.kind) for run in runs)
    Shard.objects.bulk_create(Shard(stage=each, number=1, job=each.run.job) for each in stages)


def replace(*, old: Job, new: Job) -> None:
    """The work of `old` is done again by `new`, for all runs that it works for."""
    Shard.objects.filter(job=old).update(job=new)
    Run.objects.filter(current_job=old).update(current_job=new)


def submit_again(run: Run, *, by: User) -> Job:
    """Jobs for what has not landed of the stage that ended badly. Return the one that leads.

    The caller holds the run. Raise ConflictError while a job of the stage still goes on.
    """
    last = run.job
    shards = Shard.objects.open().filter(stage__run=run, stage__kind=last.kind)
    found = Job.objects.in_bulk([shard.job_id for shard in shards])
    if any(not job.is_terminal for job in found.values()):
        sentence = _("Other work on %s has not ended yet. Resume once it has.")
        raise ConflictError(sentence % run, code="still_ending")
    if last.pk not in found:  # it was cancelled before it had a stage
        job = begin(run, last.kind, queue=last.queue, by=by, retry_of=last)
        replace(old=last, new=job)
        return job
    return {pk: _again(run, job, by) for pk, job in sorted(found.items())}[last.pk]


def _again(run: Run, old: Job, by: User) -> Job:
    new = submit_job(run, old.kind, queue=old.queue, by=by, retry_of=old, spec=old.spec)
    replace(old=old, new=new)
    return new


def land(job: Job) -> bool:
    """The work of `job` is stored: True when nothing of its stage is left to be done.

    Inside the transaction that ends it. It holds the run from here on, so that of two that land
    at once the second one sees the first.
    """
    mine = Shard.objects.filter(job=job)
    list(Run.objects.select_for_update().filter(pk__in=mine.values("stage__run")))
    mine.update(landed_at=timezone.now())
    return not Shard.objects.open().filter(stage__in=mine.values("stage")).exists()


@transaction.atomic
def follow(run: Run) -> None:
    """Give the run the job that now leads the stage it is in."""
    held = Run.objects.select_for_update(no_key=True).get(pk=run.pk)
    stages = Stage.objects.filter(run=held, kind=held.job.kind).prefetch_related("shards__job")
    for stage in stages:
        if job := stage.leading_job:
            Run.objects.filter(pk=run.pk).update(current_job=job)


def going_on(run_ids: Iterable[Any]) -> JobQuerySet:
    """Jobs of these runs that nobody has asked to end."""
    return Job.objects.filter(subject_id__in=run_ids).exclude(status__in=SETTLED)


def cancel_rest(run: Run, *, by: User) -> None:
    """Of a run one of whose jobs is cancelled: the others. A lost one may have a successor."""
    is_alone = True
    while rest := list(going_on([run.pk]).order_by("pk")):
        is_alone = False
        for job in rest:
            with suppress(ConflictError):
                jobs.request_cancel(job=job, by=by, is_told=False)  # the run's end is told
    if not is_alone:
        follow(run)
        run.refresh_from_db(fields=["current_job"])


def settle() -> int:
    """End what goes on beside a shard that ended badly. Return how many stages that were.

    For the housekeeper: a shard may end in the hands of its worker, of a person or of nobody.
    """
    broken = Stage.objects.filter(shards__landed_at=None, shards__job__status__in=POINTLESS).filter(
        shards__landed_at=None, shards__job__status__in=(*Job.WAITING, *Job.ACTIVE)
    )
    found = list(broken.distinct().select_related("run").prefetch_related("shards__job"))
    for stage in found:
        _settle(stage)
    return len(found)


def _settle(stage: Stage) -> None:
    open_jobs = [shard.job for shard in stage.shards.all() if shard.landed_at is None]
    ended = next(job for job in open_jobs if job.status in POINTLESS)
    reason = f"Cancelled because {ended.kind_title} of the same run has ended: {ended.status}."
    for job in open_jobs:
        if job.status not in SETTLED:
            with suppress(ConflictError):
                jobs.cancel_needless(job, reason=reason)
    follow(stage.run)


def videos_of(job: Job) -> set[str]:
    """Ids of those that its shard is made of; empty for all."""
    return {pk for shard in Shard.objects.filter(job=job) for pk in shard.videos}


def threads_of(job: Job, *, share: int) -> int:
    """For all jobs of a stage as many: the `share` of the first that asks."""
    stages = Stage.objects.filter(shards__job=job)
    stages.filter(threads=None).update(threads=share)
    return stages.values_list("threads", flat=True).first() or share


def _spec(number: int, n_shards: int) -> dict[str, int]:
    """What its pages say of one of several."""
    return {"shard": number, "n_shards": n_shards} if n_shards > 1 else {}

"""Work that several jobs share: what has landed, which job tells most, what ends with what.

A subject, such as a run, has a stage for each kind of its work. Whoever holds a job may wait for
the subject, so nobody who holds that may wait for a job: where one shard ends the others, that is
done afterwards, one job at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

from django.db.models import Model
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.common.errors import ConflictError
from webapp.jobs import services as jobs
from webapp.jobs.models import ENDED_BADLY, Job, JobQuerySet, Shard, Stage

ENDED_OR_ENDING = (*Job.TERMINAL, Job.Status.CANCELLING)
POINTLESS = (*ENDED_BADLY, Job.Status.CANCELLED)
Cuts = Sequence[Sequence[str]]


def begin(cuts: Cuts, submit: Callable[[dict[str, int]], Job]) -> Job:
    """Submit a job for each of `cuts`, in place of those the stage had. Return the one that leads.

    `submit` is called with what their pages say of several.
    """
    submitted = [submit(_spec(number, len(cuts))) for number in range(1, len(cuts) + 1)]
    set_jobs(submitted, cuts)
    return submitted[0]


def set_jobs(submitted: Sequence[Job], cuts: Cuts = ((),)) -> None:
    """That these jobs are a stage of their subject: one for each of `cuts`, ids of its videos."""
    first = submitted[0]
    stage, _ = Stage.objects.update_or_create(
        subject_id=first.subject_id, kind=first.kind, defaults={"threads": None}
    )
    stage.shards.all().delete()
    Shard.objects.bulk_create(
        Shard(stage=stage, number=number, videos=list(videos), job=job)
        for number, (job, videos) in enumerate(zip(submitted, cuts, strict=True), start=1)
    )


def set_job_of_each(submitted: Iterable[Job]) -> None:
    """As `set_jobs`, of many new subjects with one job each."""
    each_job = list(submitted)
    stages = Stage.objects.bulk_create(
        Stage(subject_id=job.subject_id, kind=job.kind) for job in each_job
    )
    Shard.objects.bulk_create(
        Shard(stage=stage, number=1, job=job) for stage, job in zip(stages, each_job, strict=True)
    )


def replace(*, old: Job, new: Job) -> None:
    """The work of `old` is done again by `new`."""
    Shard.objects.filter(job=old).update(job=new)


def open_jobs(subject: Model, kind: str) -> list[Job]:
    """Of the stage, those whose work has not landed.

    The caller holds the subject. Raise ConflictError while one of them still goes on.
    """
    shards = Shard.objects.open().filter(stage__subject_id=subject.pk, stage__kind=kind)
    found = list(Job.objects.filter(pk__in=shards.values("job")).order_by("pk"))
    if any(not job.is_terminal for job in found):
        sentence = _("Other work on %s has not ended yet. Resume once it has.")
        raise ConflictError(sentence % subject, code="still_ending")
    return found


def land(job: Job) -> bool:
    """The work of `job` is stored: True when nothing of its stage is left to be done.

    Inside the transaction that ends it. The caller holds the subject, so that of two that land at
    once the second one sees the first.
    """
    mine = Shard.objects.filter(job=job)
    mine.update(landed_at=timezone.now())
    return not Shard.objects.open().filter(stage__in=mine.values("stage")).exists()


def leading_job(subject_id: str, kind: str) -> Job | None:
    """The one that now leads the stage; None where all has landed."""
    stages = Stage.objects.filter(subject_id=subject_id, kind=kind)
    found = stages.prefetch_related("shards__job").first()
    return found.leading_job if found else None


def going_on(subject_ids: Iterable[Any]) -> JobQuerySet:
    """Jobs of these subjects that nobody has asked to end."""
    return Job.objects.filter(subject_id__in=subject_ids).exclude(status__in=ENDED_OR_ENDING)


def cancel_all(subject_id: str, *, by: User) -> int:
    """End all jobs that go on, successors of lost ones, too. Return how many that were.

    The end of the subject is told, not that of each job.
    """
    n_found = 0
    while rest := list(going_on([subject_id]).order_by("pk")):
        n_found += len(rest)
        for job in rest:
            with suppress(ConflictError):
                jobs.request_cancel(job=job, by=by, is_recorded=False)
    return n_found


def end_broken_stages(kinds: Collection[str], *, follow: Callable[[str], None]) -> int:
    """End what goes on beside a shard that ended badly. Return how many stages that were.

    For the housekeeper: a shard may end in the hands of its worker, of a person or of nobody.
    `follow` gives the subject of that id the job that leads then.
    """
    of_kinds = Stage.objects.filter(kind__in=kinds)
    broken = of_kinds.filter(shards__landed_at=None, shards__job__status__in=POINTLESS).filter(
        shards__landed_at=None, shards__job__status__in=(*Job.WAITING, *Job.ACTIVE)
    )
    found = list(broken.distinct().prefetch_related("shards__job"))
    for stage in found:
        _cancel_unfinished(stage)
        follow(stage.subject_id)
    return len(found)


def _cancel_unfinished(stage: Stage) -> None:
    unfinished = [shard.job for shard in stage.shards.all() if shard.landed_at is None]
    ended = next(job for job in unfinished if job.status in POINTLESS)
    reason = f"Cancelled because {ended.kind_title} beside it has ended: {ended.status}."
    for job in unfinished:
        if job.status not in ENDED_OR_ENDING:
            with suppress(ConflictError):
                jobs.cancel_needless(job, reason=reason)


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

"""The stages of a run: their jobs, and which of them the run's state is.

What stages of any subject have in common is in `webapp.jobs.stages`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction

from webapp.accounts.models import User
from webapp.jobs import services as jobs
from webapp.jobs import stages as shared
from webapp.jobs.models import Job, Shard
from webapp.runs.models import Run
from webapp.runs.sharding import shards_of

KINDS = ("train", "score", "evaluate")


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
    spec: Mapping[str, Any] | None = None,
) -> Job:
    """Submit the jobs of a stage, in place of those it had. Return the one that leads.

    `is_cut`: scoring is shared among several where it is worth it. `spec` is given to each.
    """
    cuts = shards_of(run, queue=queue) if kind == "score" and is_cut else [[]]
    given = dict(spec or {})
    return shared.begin(
        cuts,
        lambda cut: submit_job(run, kind, queue=queue, by=by, retry_of=retry_of, spec=given | cut),
    )


def replace(*, old: Job, new: Job) -> None:
    """The work of `old` is done again by `new`, for all runs that it works for."""
    shared.replace(old=old, new=new)
    Run.objects.filter(current_job=old).update(current_job=new)


def submit_again(run: Run, *, by: User) -> Job:
    """Jobs for what has not landed of the stage that ended badly. Return the one that leads.

    The caller holds the run. Raise ConflictError while a job of the stage still goes on.
    """
    last = run.job
    found = shared.open_jobs(run, last.kind)
    if last not in found:  # it was cancelled before it had a stage
        job = begin(run, last.kind, queue=last.queue, by=by, retry_of=last)
        replace(old=last, new=job)
        return job
    return {job.pk: _again(run, job, by) for job in found}[last.pk]


def _again(run: Run, old: Job, by: User) -> Job:
    new = submit_job(run, old.kind, queue=old.queue, by=by, retry_of=old, spec=old.spec)
    replace(old=old, new=new)
    return new


def land(job: Job) -> bool:
    """The work of `job` is stored: True when nothing of its stage is left to be done.

    Inside the transaction that ends it, which holds the run from here on.
    """
    worked_for = Shard.objects.filter(job=job).values("stage__subject_id")
    list(Run.objects.select_for_update().filter(pk__in=worked_for))
    return shared.land(job)


@transaction.atomic
def follow(run_id: str) -> None:
    """Give the run the job that now leads the stage it is in."""
    held = Run.objects.select_for_update(no_key=True).get(pk=run_id)
    if job := shared.leading_job(run_id, held.job.kind):
        Run.objects.filter(pk=run_id).update(current_job=job)


def cancel_rest(run: Run, *, by: User) -> None:
    """Of a run one of whose jobs is cancelled: the others. A lost one may have a successor."""
    if shared.cancel_all(run.pk, by=by):
        follow(run.pk)
        run.refresh_from_db(fields=["current_job"])


# For the housekeeper.
end_broken_stages = partial(shared.end_broken_stages, KINDS, follow=follow)

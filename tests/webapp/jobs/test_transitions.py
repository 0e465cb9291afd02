"""From every state by every act: the drawing in `Job`, carried out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from tests.factories.jobs import JobFactory, WorkerNodeFactory
from webapp.accounts.models import Team, User
from webapp.common.errors import ConflictError
from webapp.jobs import services
from webapp.jobs.models import Job, JobEvent

Act = Callable[[Job, User], object]
LONG_AGO = timedelta(days=1)


def cancel(job: Job, by: User) -> None:
    try:
        services.request_cancel(job=job, by=by)
    except ConflictError:
        assert job.is_terminal


def reap(job: Job, by: User) -> None:
    Job.objects.filter(lease_until__isnull=False).update(lease_until=timezone.now() - LONG_AGO)
    services.reap(on_replaced=lambda old, new: None)


def finish_as(status: str) -> Act:
    return lambda job, by: services.finish(job, status=status)


ACTS: dict[str, Act] = {
    "claim": lambda job, by: services.claim(job.pk, worker=WorkerNodeFactory.create()),
    "mark running": lambda job, by: services.mark_running(job),
    "renew lease": lambda job, by: services.renew_lease(job),
    "hand back": lambda job, by: services.hand_back(
        job, reason="The worker stops.", on_replaced=lambda old, new: None
    ),
    "ring": lambda job, by: services.ring_in_turn(Job.objects.waiting().filter(pk=job.pk)),
    "cancel": cancel,
    "reap": reap,
    **{f"finish as {status}": finish_as(status) for status in Job.TERMINAL},
}
# What each act makes of each state; it leaves all others as they are.
MOVES = {
    "created": {"claim": "starting", "ring": "queued", "cancel": "cancelled"},
    "queued": {"claim": "starting", "cancel": "cancelled"},
    "starting": {
        "mark running": "running",
        "hand back": "lost",
        "cancel": "cancelling",
        "reap": "lost",
        "finish as failed": "failed",
        "finish as timed_out": "timed_out",
        "finish as lost": "lost",
    },
    "running": {
        "hand back": "lost",
        "cancel": "cancelling",
        "reap": "lost",
        "finish as succeeded": "succeeded",
        "finish as failed": "failed",
        "finish as timed_out": "timed_out",
        "finish as lost": "lost",
    },
    "cancelling": {"reap": "cancelled", "finish as cancelled": "cancelled"},
}


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("status", Job.Status.values)
def test_every_act_in_every_state(team: Team, bob: User, status: str, act: str) -> None:
    traits = {"held": status in Job.ACTIVE, "ended": status in Job.TERMINAL}
    job = JobFactory.create(team=team, **traits, status=status)

    ACTS[act](job, bob)

    job.refresh_from_db()
    assert job.status == MOVES.get(status, {}).get(act, status)
    ended_now = job.is_terminal and status not in Job.TERMINAL
    told = JobEvent.objects.filter(job=job).values_list("status", "at")
    assert list(told) == ([(job.status, job.finished_at)] if ended_now else [])
    assert job.is_terminal == (job.finished_at is not None)


def test_an_end_that_is_undone_tells_nothing(team: Team) -> None:
    job = JobFactory.create(team=team, held=True)

    with services.fenced(job):
        services.finish(job, status="failed")
        transaction.set_rollback(True)

    assert not JobEvent.objects.exists()

"""Evaluation as a job: begun with scores, after an upgrade, or because somebody asks for numbers.

Nothing is evaluated elsewhere: neither a page nor an answer makes a number that is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError
from webapp.jobs import services as jobs
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, Protocol, ScoreSet
from webapp.results.protocols.choice import offered_protocols
from webapp.results.scores.evaluation_keys import evaluations_key
from webapp.results.scores.evaluation_tasks import folds_of, lacking, tasks_of
from webapp.results.scores.shortcuts import needs_shortcut
from webapp.runs import stages
from webapp.runs.models import Run

KIND = "evaluate"
RETRY_AFTER_SECONDS = 5


def submit_evaluation(
    run: Run, *, by: User | None, queue: str = "", protocols: Sequence[Protocol] = ()
) -> Job:
    """The job that `run` has from now on. A light one: the CPU will do.

    `protocols` are those beside the ones that the team is offered.
    """
    spec = {"protocols": [protocol.pk for protocol in protocols]} if protocols else {}
    job = stages.begin(run, KIND, queue=queue or jobs.light_queue(), by=by, spec=spec)
    run.current_job = job
    run.save(update_fields=["current_job", "updated_at"])
    return job


@transaction.atomic
def request_evaluation(*, run: Run, protocol: Protocol, by: User) -> Evaluation | Job:
    """The numbers of `run` under `protocol` where they are there, else the job that makes them.

    Raise ConflictError without scores, and while work goes on that will not make them.
    """
    require(by, Permission.RUN_SUBMIT, team=run.team)
    held = _held([run])
    score_set = ScoreSet.objects.select_related("run__annotation_set").filter(run__in=held).first()
    if score_set is None:
        raise ConflictError(_("%s has no scores yet.") % run, code="not_scored")
    found = Evaluation.objects.filter(**evaluations_key(score_set), protocol=protocol)
    if evaluation := found.select_related("protocol", "score_set__run").first():
        return evaluation
    [run] = held
    if run.is_going_on:
        return _job_that_makes(protocol, run)
    return _submit_for(run, by, [protocol])


@transaction.atomic
def request_missing(*, runs: Sequence[Run], by: User) -> int:
    """Jobs for those of `runs` at rest that lack numbers. Return how many.

    Under the protocols that their team is offered.
    """
    teams = {run.team_id: run.team for run in runs}
    for team in teams.values():
        require(by, Permission.RUN_SUBMIT, team=team)
    found = [run for team in teams.values() for run in _lacking_of(team, runs)]
    to_submit = [run for run in _held(found) if not run.is_going_on]
    for run in to_submit:
        _submit_for(run, by)
    return len(to_submit)


def submit_missing() -> int:
    """For every run at rest that lacks numbers of this evaluator. Return how many."""
    pools: set[str] = set()
    found = [run for run in _at_rest() if _lacks(run, pools)]
    for run in found:
        submit_evaluation(run, by=run.created_by)
    return len(found)


def _submit_for(run: Run, by: User, protocols: Sequence[Protocol] = ()) -> Job:
    job = submit_evaluation(run, by=by, protocols=protocols)
    named = [str(protocol) for protocol in protocols] or None
    record(AuditEvent.Act.RUN_EVALUATED, run, team=run.team, by=by, under=named)
    return job


def _lacking_of(team: Team, runs: Iterable[Run]) -> list[Run]:
    of_team = Run.objects.filter(team=team, pk__in=[run.pk for run in runs])
    return list(lacking(of_team, offered_protocols(team), needs_overview=True))


def _held(runs: Iterable[Run]) -> list[Run]:
    """As they are now, held so that nobody else begins a job for them; without those deleted.

    In the order of everybody who holds several: a run that trained for others before them. Their
    jobs are asked for afterwards: joined, one that came while we waited would not be seen.
    """
    order = (F("trained_by").asc(nulls_first=True), "pk")
    found = Run.objects.filter(pk__in=[run.pk for run in runs]).order_by(*order)
    return list(found.select_for_update(of=("self",), no_key=True).select_related("team"))


def _job_that_makes(protocol: Protocol, run: Run) -> Job:
    """The job of `run` that goes on. Raise ConflictError where it makes other numbers."""
    if _will_make(run.job, protocol, offered_protocols(run.team)):
        return run.job
    sentence = _("Work on %s goes on that makes other numbers: ask again once it has ended.")
    raise ConflictError(
        sentence % run, code="being_evaluated", retry_after_seconds=RETRY_AFTER_SECONDS
    )


def _will_make(job: Job, protocol: Protocol, offered: Sequence[Protocol]) -> bool:
    """What is offered is looked up when the job begins. Where the clocks of two machines differ
    it may be off for a protocol that is as young as the job: then it is asked for again."""
    if job.kind != KIND or job.status == Job.Status.CANCELLING:
        return False
    is_too_late = job.started_at is not None and protocol.created_at > job.started_at
    is_named = protocol.pk in job.spec.get("protocols", [])
    return is_named or (protocol in offered and not is_too_late)


def _at_rest() -> Iterable[Run]:
    joined = ("split", "team", "created_by", "current_job", "dataset", "method")
    runs = Run.objects.scored().select_related(*joined)
    return [run for run in runs.order_by("pk") if not run.is_going_on]


def _lacks(run: Run, pools: set[str]) -> bool:
    """`pools` are the hashes of folds that another run will bring together."""
    tasks = tasks_of(run)
    pooled = {each.pool_hash for each in folds_of(run) if any(task.is_pooled for task in tasks)}
    is_needed = any(not task.is_pooled for task in tasks) or bool(pooled - pools)
    pools |= pooled
    return is_needed or needs_shortcut(run)

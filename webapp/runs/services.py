"""Every change of a run: submit, cancel, resume, and what follows when its jobs end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError
from webapp.common.holding import keep
from webapp.common.schema import with_order
from webapp.datasets.models import Dataset, FeatureSet, RegionSet, Split
from webapp.jobs import services as jobs
from webapp.jobs.models import Job
from webapp.runs import origins, stages
from webapp.runs.checks import (
    LONGEST_NAME,
    check_submission,
    ground_truth_of,
    has_test_videos,
)
from webapp.runs.models import Method, Run, Weights

LONGEST_FEATURES = 120


@transaction.atomic
def create_run(
    *,
    team: Team,
    dataset: Dataset,
    split: Split,
    method: Method,
    config: dict[str, Any],
    feature_set: FeatureSet | None = None,
    region_set: RegionSet | None = None,
    starts_from: Run | None = None,
    starts_from_weights: Weights | None = None,
    weights: Weights | None = None,
    seed: int = 0,
    name: str = "",
    selection: str = Run.Selection.LAST,
    queue: str = "",
    by: User,
) -> Run:
    """Submit a run. Raise UserError, with the field, when it could not come to a good end.

    Its training begins with the weights that `starts_from` was scored with, or with
    `starts_from_weights`, else with random ones. With `weights` it has none, and is scored.
    """
    require(by, Permission.RUN_SUBMIT, team=team)
    keep(dataset, feature_set, region_set, starts_from, starts_from_weights, weights)
    check_submission(
        team=team, dataset=dataset, split=split, method=method, feature_set=feature_set,
        region_set=region_set, seed=seed, name=name, selection=selection, queue=queue,
        learns=weights is None,
    )  # fmt: skip
    start = origins.only_one(weights, starts_from, starts_from_weights)
    basis: dict[str, Any] = {"team": team, "method": method, "config": config}
    if weights is not None:
        origin = origins.scored_with(weights, **basis, selection=selection)
    else:
        origin = {"selection": selection} | origins.trained_from(start, **basis, by=by)
    run = Run(
        team=team,
        name=name.strip() or f"{method.title} on {dataset.name}"[:LONGEST_NAME],
        dataset=dataset,
        split=split,
        annotation_set=ground_truth_of(dataset),
        method=method,
        feature_set=feature_set,
        features=name_of(feature_set),
        region_set=region_set,
        seed=seed,
        dataset_hash=dataset.content_hash,
        created_by=by,
        **origin,
    )
    _begin(run, queue=queue or jobs.default_queue(), by=by)
    record(
        AuditEvent.Act.RUN_SUBMITTED, run, team=team, by=by,
        dataset=dataset.name, method=method.title, seed=seed,
        weights=weights.name if weights else None,
    )  # fmt: skip
    return run


def _begin(run: Run, *, queue: str, by: User) -> None:
    """Store a new run with the jobs that train it, or score it where its weights are there."""
    first = "score" if run.kind == Run.Kind.WEIGHTS else "train"
    # Its stage before itself, since a run needs a job: keys are checked at the commit.
    run.current_job = stages.begin(run, first, queue=queue, by=by)
    run.save()


def cancel_run(*, run: Run, by: User) -> Run:
    """End all its jobs. Raise ConflictError when it has ended, or never had one.

    A run that waits for the training of another leaves that alone. Without its own training,
    those that wait for it end as well.

    The run is not locked: a worker that ends its job holds that and then needs the run, so the
    two could wait for each other. A job that ended meanwhile may have been followed by another.
    """
    if run.current_job is None:
        require(by, Permission.RUN_CANCEL, team=run.team)
        raise ConflictError(_("%s has no job: there is nothing to cancel.") % run, code="no_job")
    while True:
        run.refresh_from_db(fields=["current_job"])
        if run.waits_for_another and not run.job.is_terminal:
            if _leave_training(run, by):
                return run
            continue
        try:
            _cancel_job(run, by)
        except ConflictError:
            if Run.objects.filter(pk=run.pk, current_job=run.current_job).exists():
                raise
        else:
            stages.cancel_rest(run, by=by)
            return run


@transaction.atomic
def _cancel_job(run: Run, by: User) -> None:
    run.current_job = jobs.request_cancel(job=run.job, by=by, is_recorded=False)
    record(AuditEvent.Act.RUN_CANCELLED, run, team=run.team, by=by)


@transaction.atomic
def resume_run(*, run: Run, by: User) -> Run:
    """Go on after a bad end: training from its last checkpoint, scoring with what has not landed.

    A run whose weights another one has not learnt yet waits for that again, which goes on, too.
    """
    require(by, Permission.RUN_SUBMIT, team=run.team)
    keep(run.trainer, run)
    trainer = _locked(run.trainer)  # before those that wait for it, always
    run = _locked(run) if run.trained_by else trainer
    if not run.can_resume:
        sentence = _("%(run)s is %(status)s: there is nothing to resume.")
        raise ConflictError(sentence % {"run": run, "status": run.status_label})
    if run != trainer and trainer.job.kind == "train":
        job = _training_to_wait_for(trainer, by)
    elif run.waits_for_another:  # the job that scored others with it: those are not its affair
        job = stages.begin(run, "score", queue=run.job.queue, by=by)
    else:
        job = stages.submit_again(run, by=by)
    run.current_job = job
    run.save(update_fields=["current_job", "updated_at"])
    record(AuditEvent.Act.RUN_RESUMED, run, team=run.team, by=by, job=job.kind)
    return run


def training_finished(run: Run, job: Job) -> Job:
    """Submit the scoring that follows `job`, in the transaction that ends it; return the first.

    Where the split has no test videos nothing follows, and `job` is returned: the weights are
    there for other runs to begin with.

    Each run that waited for these weights scores them in its own way: by a job of its own, or,
    where features are read, by that of `run`, which reads them once for all. One that comes to
    wait holds the trainer, too: it is seen here, or sees that there is nothing left to wait for.
    """
    _locked(run)
    stages.land(job)
    if not has_test_videos(run.split):
        return job
    waiting = _having(job)
    if run.method is not None and run.method.reads_features and len(waiting) > 1:
        return _score_together(run, waiting, queue=job.queue)
    scorings = {}
    for each in waiting:
        score = stages.begin(each, "score", queue=job.queue, by=each.created_by)
        Run.objects.filter(pk=each.pk).update(current_job=score)
        scorings[each.pk] = score
    return scorings[run.pk]


def _score_together(run: Run, waiting: Iterable[Run], *, queue: str) -> Job:
    score = stages.begin(run, "score", queue=queue, by=run.created_by, is_cut=False)
    Run.objects.filter(pk__in=[each.pk for each in waiting]).update(current_job=score)
    return score


def scored_by(job: Job) -> list[Run]:
    """The runs that a scoring job scores, its own first, as they are now."""
    runs = Run.objects.filter(current_job=job).select_related("created_by")
    return sorted(runs.order_by("pk"), key=lambda run: run.pk != job.subject_id)


def held_by(job: Job) -> list[Run]:
    """The same, held: none of them can leave until the end of the transaction."""
    return sorted(_having(job), key=lambda run: run.pk != job.subject_id)


def job_replaced(*, old: Job, new: Job) -> None:
    """A lost job goes on as `new`, for all runs that it works for."""
    stages.replace(old=old, new=new)


def mark_scored(run: Run) -> None:
    """The scores of all its test videos are stored."""
    run.scored_at = timezone.now()
    run.save(update_fields=["scored_at", "updated_at"])


def publish_methods(descriptions: Iterable[dict[str, Any]]) -> None:
    """Store what a worker can run. Methods that other workers have published stay."""
    methods = [
        Method(**each | {"schema": with_order(each["schema"])})
        for each in sorted(descriptions, key=lambda each: each["name"])
    ]
    Method.objects.bulk_create(
        methods,
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=[
            "title",
            "summary",
            "paper",
            "supervision",
            "reads",
            "begins_with",
            "layers",
            "schema",
            "sweeps",
            "published_at",
        ],
    )


def _training_to_wait_for(trainer: Run, by: User) -> Job:
    """Raise ConflictError for one that is about to be cancelled, and whoever waits for it, too."""
    if trainer.job.status == Job.Status.CANCELLING:
        sentence = _("The training of %s is being cancelled. Resume once it has ended.")
        raise ConflictError(sentence % trainer, code="training_cancelling")
    return stages.submit_again(trainer, by=by) if trainer.can_resume else trainer.job


@transaction.atomic
def _leave_training(run: Run, by: User) -> bool:
    """Take a job of its own, cancelled from the start. False when it has one meanwhile.

    It holds no other run meanwhile, so it and a training that ends never wait for each other.
    """
    shared = run.job
    own = jobs.submit_cancelled(
        team=run.team, kind="score", subject_id=run.pk, title=run.name,
        queue=shared.queue, by=by,
    )  # fmt: skip
    if not Run.objects.filter(pk=run.pk, current_job=shared).update(current_job=own):
        transaction.set_rollback(True)
        return False
    run.current_job = own
    record(AuditEvent.Act.RUN_CANCELLED, run, team=run.team, by=by)
    return True


def _having(job: Job) -> list[Run]:
    """The runs that it works for, held until the end: one that has left is not found."""
    runs = Run.objects.filter(current_job=job).select_related("team", "created_by")
    return list(runs.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _locked(run: Run) -> Run:
    """The run as it is now, held so that its job cannot be exchanged meanwhile.

    Its job is asked for afterwards: joined, one that came while we waited would not be seen.
    """
    return Run.objects.select_for_update(no_key=True).get(pk=run.pk)


def name_of(feature_set: FeatureSet | None) -> str:
    """As lists and comparisons show which features a run reads."""
    return f"{feature_set}, {feature_set.extractor}"[:LONGEST_FEATURES] if feature_set else ""

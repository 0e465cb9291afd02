"""Every change of a run: submit, cancel, resume, and what follows when its jobs end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import AnnotationSet, Dataset, Part, Split, Video
from webapp.jobs import services as jobs
from webapp.jobs.models import Job
from webapp.runs import stages
from webapp.runs.config import complete_config
from webapp.runs.models import LARGEST_SEED, Method, Run
from webapp.runs.schema import with_order

LONGEST_NAME = 160


@transaction.atomic
def create_run(
    *,
    team: Team,
    dataset: Dataset,
    split: Split,
    method: Method,
    config: dict[str, Any],
    seed: int = 0,
    name: str = "",
    selection: str = Run.Selection.LAST,
    queue: str = "",
    by: User,
) -> Run:
    """Submit a run. Raise UserError, with the field, when it could not come to a good end."""
    require(by, Permission.RUN_SUBMIT, team=team)
    check_submission(
        team=team, dataset=dataset, split=split, method=method, seed=seed, name=name,
        selection=selection, queue=queue,
    )  # fmt: skip
    run = Run(
        team=team,
        name=name.strip() or f"{method.title} on {dataset.name}"[:LONGEST_NAME],
        dataset=dataset,
        split=split,
        annotation_set=ground_truth_of(dataset),
        method=method,
        config=complete_config(method.schema, config),
        seed=seed,
        selection=selection,
        dataset_hash=dataset.content_hash,
        created_by=by,
    )
    job = stages.submit_job(run, "train", queue=queue or jobs.default_queue(), by=by)
    run.current_job = job
    run.save()
    stages.record(run, [job])
    return run


def check_submission(
    *,
    team: Team,
    dataset: Dataset,
    split: Split,
    method: Method,
    seed: int,
    name: str = "",
    selection: str,
    queue: str,
) -> None:
    """Raise UserError, with the field, when a run could not come to a good end."""
    _check_data(team=team, dataset=dataset, split=split, method=method)
    _check_answers(seed=seed, name=name, selection=selection, queue=queue)
    if selection == Run.Selection.VALIDATION and not _learnable(split, Part.VALIDATION, method):
        sentence = _("selection: %s has no validation videos to choose a checkpoint on")
        raise UserError(sentence % split, field="selection")


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
        if run.waits_for_training and not run.job.is_terminal:
            if _leave_training(run, by):
                return run
            continue
        try:
            run.current_job = jobs.request_cancel(job=run.job, by=by)
        except ConflictError:
            if Run.objects.filter(pk=run.pk, current_job=run.current_job).exists():
                raise
        else:
            stages.cancel_rest(run, by=by)
            return run


@transaction.atomic
def resume_run(*, run: Run, by: User) -> Run:
    """Go on after a bad end: training from its last checkpoint, scoring with what has not landed.

    A run whose weights another one has not learnt yet waits for that again, which goes on, too.
    """
    require(by, Permission.RUN_SUBMIT, team=run.team)
    trainer = _locked(run.trainer)  # before those that wait for it, always
    run = _locked(run) if run.trained_by else trainer
    if not run.can_resume:
        sentence = _("%(run)s is %(status)s: there is nothing to resume.")
        raise ConflictError(sentence % {"run": run, "status": run.status_label})
    if run != trainer and trainer.job.kind == "train":
        job = _training_to_wait_for(trainer, by)
    else:
        job = stages.submit_again(run, by=by)
    run.current_job = job
    run.save(update_fields=["current_job", "updated_at"])
    return run


def training_finished(run: Run, job: Job) -> Job:
    """Submit the scoring that follows `job`, in the transaction that ends it; return the first.

    Each run that waited for these weights scores them in its own way. One that comes to wait
    holds the trainer, too: it is seen here, or sees that there is nothing left to wait for.
    """
    _locked(run)
    stages.land(job)
    scorings = {}
    for each in _waiting_for(job):
        score = stages.begin(each, "score", queue=job.queue, by=each.created_by)
        Run.objects.filter(pk=each.pk).update(current_job=score)
        scorings[each.pk] = score
    return scorings[run.pk]


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
    return True


def _waiting_for(job: Job) -> list[Run]:
    """Held, so that none can leave until its scoring is there: one that has left is not found."""
    runs = Run.objects.filter(current_job=job).select_related("team", "created_by")
    return list(runs.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _locked(run: Run) -> Run:
    """The run as it is now, held so that its job cannot be exchanged meanwhile.

    Its job is asked for afterwards: joined, one that came while we waited would not be seen.
    """
    return Run.objects.select_for_update(no_key=True).get(pk=run.pk)


def _check_data(*, team: Team, dataset: Dataset, split: Split, method: Method) -> None:
    if dataset.team_id != team.pk:
        raise UserError(_("%s belongs to another team.") % dataset, field="dataset")
    if not dataset.content_hash:
        raise UserError(
            _("%s is not imported yet.") % dataset, code="not_imported", field="dataset"
        )
    if dataset.is_listed:
        text = _("The videos of %s are not here, so nothing can be trained on them. Upload scores.")
        raise UserError(text % dataset, code="no_videos_here", field="dataset")
    if split.dataset_id != dataset.pk:
        raise UserError(_("%s is not a split of this dataset.") % split, field="split")
    check_unchanged(split)
    _check_training_videos(dataset, split, method)


def check_unchanged(split: Split) -> None:
    """Raise UserError when the split's videos are not what they were when it was made."""
    retired = Video.objects.filter(status=Video.Status.RETIRED, split_members__split=split)
    if video := retired.order_by("name").first():
        sentence = _("%(video)s of %(split)s has changed since: %(reason)s Use a newer split.")
        raise UserError(
            sentence % {"video": video, "split": split, "reason": video.reason},
            code="data_changed",
            field="split",
        )


def _check_training_videos(dataset: Dataset, split: Split, method: Method) -> None:
    if _learnable(split, Part.TRAIN, method):
        return
    sentence = (
        _("%(method)s learns from normal videos, and %(dataset)s has none to train on.")
        if method.is_one_class
        else _("%(dataset)s has no videos to train %(method)s on.")
    )
    raise UserError(
        sentence % {"method": method, "dataset": dataset}, code="no_training_videos", field="split"
    )


def _learnable(split: Split, part: Part, method: Method) -> bool:
    """Whether the part has videos that tell the method something."""
    videos = Video.objects.ready().in_split(split, part)
    return (videos.normal() if method.is_one_class else videos).exists()


def _check_answers(*, seed: int, name: str, selection: str, queue: str) -> None:
    if not 0 <= seed <= LARGEST_SEED:
        sentence = _("seed: %(seed)s is not between 0 and %(largest)s")
        raise UserError(sentence % {"seed": seed, "largest": LARGEST_SEED}, field="seed")
    if len(name.strip()) > LONGEST_NAME:
        raise UserError(_("name: more than %s characters") % LONGEST_NAME, field="name")
    _check_choice("selection", selection, list(Run.HONEST_SELECTIONS))
    _check_choice("queue", queue, ["", *Job.Queue.values])


def _check_choice(field: str, value: str, choices: list[str]) -> None:
    if value not in choices:
        sentence = _("%(field)s: %(value)s is not one of %(choices)s")
        words = {"field": field, "value": value, "choices": ", ".join(filter(None, choices))}
        raise UserError(sentence % words, field=field)


def ground_truth_of(dataset: Dataset) -> AnnotationSet:
    """The newest version. Raise UserError where there is none."""
    newest = dataset.ground_truth
    if newest is None:
        sentence = _("%s has no ground truth, so its scores could not be evaluated.")
        raise UserError(sentence % dataset, field="dataset")
    return newest

"""Deletes: all that hangs on something goes in one transaction, or nothing does.

Rows are locked as workers lock them, jobs before what they work for, and holds are looked for
once nobody can add any. Files go after the commit: see `files`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.db.models import F, Model, ProtectedError, Q
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, has_permission, permissions_of, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError
from webapp.datasets import extracted
from webapp.datasets.models import (
    AnnotationImport,
    Dataset,
    ExtractedFile,
    FeatureFile,
    FeatureSet,
)
from webapp.deleting import contents, files, holds
from webapp.jobs import services as jobs
from webapp.jobs.models import Job, Stage
from webapp.results.models import PendingExplanation, ScoreSet
from webapp.runs.models import Run, Sweep, Weights

Row = TypeVar("Row", bound=Model)
Act = AuditEvent.Act


def delete_run(*, run: Run, by: User) -> None:
    """With its weights, scores, numbers and jobs. Raise HeldError, a ConflictError, if in use."""
    require_run(run, by=by)
    with _deleting(run):
        [run] = _lock_runs([run.pk], run)
        holds.check(run, holds.of_run(run))
        details = _counts_of_runs([run.pk]) | {
            "dataset": run.dataset.name,
            "method": run.method_name,
        }
        _delete_runs([run.pk])
        record(Act.RUN_DELETED, run.pk, team=run.team, by=by, name=run.name, **details)


def delete_score_set(*, run: Run, by: User) -> None:
    """Its scores and what was computed of them; the run stays, and can have scores again.

    Raise HeldError where they are in use, ConflictError where there are none.
    """
    require_run(run, by=by)
    with _deleting(run):
        [run] = _lock_runs([run.pk], run)
        _check_stored(run)
        holds.check(run, holds.of_scores(run))
        details: dict[str, Any] = {"content_hash": run.score_set.content_hash}
        details |= contents.counts_of(contents.rows_of_scores([run.pk]))
        _delete_scores([run.pk])
        _wait_for_scores(run, by)
        record(Act.SCORES_DELETED, run, team=run.team, by=by, **details)


def delete_sweep(*, sweep: Sweep, by: User) -> None:
    """With all of its runs. Raise HeldError where one of them is in use."""
    require_run(sweep, by=by)
    ids = list(sweep.runs.values_list("pk", flat=True))
    with _deleting(sweep):
        _lock_runs(ids, sweep)
        [sweep] = _locked(Sweep, [sweep.pk], sweep)
        holds.check(sweep, holds.of_sweep(sweep))
        details = {"runs": len(ids)} | _counts_of_runs(ids)
        details |= {"dataset": sweep.dataset.name, "method": sweep.method.title}
        _delete_runs(ids)
        sweep_id = sweep.pk
        sweep.delete()
        record(Act.SWEEP_DELETED, sweep_id, team=sweep.team, by=by, name=sweep.title, **details)


def delete_feature_set(*, feature_set: FeatureSet, by: User) -> None:
    """With the files made for it that no other set uses; those that people brought stay in place.

    Raise HeldError where it is in use.
    """
    team = feature_set.dataset.team
    require(by, Permission.DATASET_DELETE, team=team)
    with _deleting(feature_set):
        _lock_jobs([feature_set.pk])
        [feature_set] = _locked(FeatureSet, [feature_set.pk], feature_set)
        holds.check(feature_set, holds.of_feature_set(feature_set))
        details: dict[str, Any] = {
            "dataset": feature_set.dataset.name,
            "folder": feature_set.folder or None,
        }
        details |= contents.counts_of(contents.rows_of_feature_set(feature_set))
        set_id, name = feature_set.pk, str(feature_set)
        details |= {"n_files": n_files} if (n_files := _sweep_features([feature_set])) else {}
        feature_set.delete()
        _delete_jobs([set_id])
        record(Act.FEATURE_SET_DELETED, set_id, team=team, by=by, name=name, **details)


def delete_weights(*, weights: Weights, by: User) -> None:
    """With what was made of them. Raise HeldError where runs were scored or begun with them."""
    require_run(weights, by=by)
    with _deleting(weights):
        _lock_jobs([weights.pk])
        [weights] = _locked(Weights, [weights.pk], weights)
        holds.check(weights, holds.of_weights(weights))
        names = files.names_of(files.OF_WEIGHTS, [weights.pk])
        details: dict[str, Any] = {"file": weights.file_name, "sha256": weights.sha256}
        details |= contents.counts_of(contents.rows_of_weights(weights)) | {"n_files": len(names)}
        weights_id, team = weights.pk, weights.team
        files.sweep_later(names, subject_id=weights_id)
        weights.delete()
        _delete_jobs([weights_id])
        record(Act.WEIGHTS_DELETED, weights_id, team=team, by=by, name=weights.name, **details)


def delete_dataset(*, dataset: Dataset, by: User) -> None:
    """With splits, ground truth and feature sets; the videos lie in place and stay.

    Raise HeldError where it is in use: runs and sweeps on it are deleted before, by name.
    """
    require(by, Permission.DATASET_DELETE, team=dataset.team)
    with _deleting(dataset):
        dataset = _lock_dataset(dataset)
        holds.check(dataset, holds.of_dataset(dataset))
        names = files.names_of(files.OF_DATASET, [dataset.pk])
        details: dict[str, Any] = {"folder": dataset.folder, "n_files": len(names)}
        details |= contents.counts_of(contents.rows_of_dataset(dataset))
        subjects = holds.subjects_of(dataset)
        files.sweep_later(names, subject_id=dataset.pk)
        details["n_files"] += _sweep_features(dataset.feature_sets.all())
        dataset_id = dataset.pk
        dataset.delete()
        _delete_jobs(subjects)
        record(
            Act.DATASET_DELETED, dataset_id, team=dataset.team, by=by, name=dataset.name, **details
        )


def require_run(subject: Run | Sweep | Weights, *, by: User) -> None:
    """Raise PermissionDenied. Members may delete what they made themselves."""
    if not may_delete_run(subject, by=by):
        sentence = _("Members delete what they made themselves; maintainers and owners anything.")
        require(by, Permission.RUN_DELETE_OWN, team=subject.team)
        raise PermissionDenied(sentence)


def may_delete_run(
    subject: Run | Sweep | Weights, *, by: User, granted: Collection[Permission] | None = None
) -> bool:
    """Also its scores. `granted` are the permissions of `by` where they were asked for before."""
    may = permissions_of(by, team=subject.team) if granted is None else granted
    is_own = subject.created_by_id == by.pk
    return Permission.RUN_DELETE in may or (is_own and Permission.RUN_DELETE_OWN in may)


def may_delete_data(team: Team, *, by: User) -> bool:
    return has_permission(by, Permission.DATASET_DELETE, team=team)


@contextmanager
def _deleting(subject: Model) -> Iterator[None]:
    """A transaction at whose end nothing may point at what is gone.

    Raise ConflictError where somebody has begun to use it in the same moment.
    """
    try:
        with transaction.atomic():
            yield
            connection.check_constraints()
    except (IntegrityError, ProtectedError) as error:
        sentence = _("Somebody has begun to use %s: nothing was deleted.") % subject
        raise ConflictError(sentence, code="held") from error


def _lock_runs(ids: Sequence[str], subject: Model) -> list[Run]:
    """With their jobs. Raise ConflictError where one has gone."""
    current = Run.objects.filter(pk__in=ids).values("current_job")
    _lock_jobs(ids, Q(pk__in=current))
    # A run that trained for others goes before them, as it does when one is resumed.
    order = (F("trained_by").asc(nulls_first=True), "pk")
    return _locked(Run, ids, subject, *order)


def _lock_dataset(dataset: Dataset) -> Dataset:
    """With its jobs, and with the drafts and feature sets that could get another one."""
    _lock_jobs(holds.subjects_of(dataset))
    [locked] = _locked(Dataset, [dataset.pk], dataset)
    for model in (AnnotationImport, FeatureSet):
        rows = model._default_manager.filter(dataset=locked).order_by("pk")
        list(rows.select_for_update(of=("self",)).values_list("pk"))
    return locked


def _lock_jobs(subjects: Iterable[str], others: Q | None = None) -> None:
    """Whoever would start or end one waits. Not against rows that point at them: see `fenced`."""
    wanted = Q(subject_id__in=list(subjects))
    found = Job.objects.filter(wanted | others if others else wanted)
    list(found.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))


def _locked(model: type[Row], ids: Sequence[str], subject: Model, *order: Any) -> list[Row]:
    """The rows as they are now; nothing can point at them anew until the end."""
    found = model._default_manager.filter(pk__in=list(ids)).order_by(*order or ("pk",))
    rows = list(found.select_for_update(of=("self",)))
    if len(rows) < len(ids):
        raise ConflictError(_("%s has been deleted meanwhile.") % subject, code="deleted")
    return rows


def _counts_of_runs(ids: Sequence[str]) -> dict[str, Any]:
    """For the record: what goes with runs."""
    n_files = len(files.names_of(files.OF_RUN, ids))
    return contents.counts_of(contents.rows_of_runs(ids)) | {"n_files": n_files}


def _delete_runs(ids: Sequence[str]) -> None:
    for run_id in ids:
        files.sweep_later(files.names_of(files.OF_RUN, [run_id]), subject_id=run_id)
    contents.pooled_evaluations_of(ids).delete()
    runs = Run.objects.filter(pk__in=list(ids))
    runs.exclude(trained_by=None).delete()  # those that point at another one of them
    runs.delete()
    _delete_jobs(ids)


def _sweep_features(feature_sets: Iterable[FeatureSet]) -> int:
    """What was made for these sets alone goes. Return how many files that are."""
    sets = list(feature_sets)
    ids = [each.pk for each in sets]
    extracted.hold(ids)
    going = list(extracted.of_sets(ids).values_list("pk", "file"))
    for each in sets:
        files.sweep_later(extracted.strays(each), subject_id=each.pk, storage=files.FEATURES)
    names = [name for _pk, name in going]
    files.sweep_later(names, subject_id=ids[0] if ids else "", storage=files.FEATURES)
    FeatureFile.objects.filter(feature_set__in=ids).delete()
    ExtractedFile.objects.filter(pk__in=[pk for pk, _name in going]).delete()
    return len(going)


def _delete_jobs(subjects: Sequence[str]) -> None:
    """With the stages that they belong to."""
    Stage.objects.filter(subject_id__in=list(subjects)).delete()
    contents.jobs_of(subjects).delete()


def _delete_scores(ids: Sequence[str]) -> None:
    for run_id in ids:
        files.sweep_later(files.names_of(files.OF_SCORES, [run_id]), subject_id=run_id)
    contents.pooled_evaluations_of(ids).delete()
    PendingExplanation.objects.filter(run__in=list(ids)).delete()
    ScoreSet.objects.filter(run__in=list(ids)).delete()
    Stage.objects.filter(subject_id__in=list(ids), kind__in=("score", "evaluate")).delete()


def _check_stored(run: Run) -> None:
    if run.kind == Run.Kind.VIRTUAL:
        sentence = _("The scores of %s are computed from other runs and stored nowhere.")
        raise ConflictError(sentence % run, code="virtual")
    if run.scored_at is None:
        raise ConflictError(_("%s has no scores.") % run, code="not_scored")


def _wait_for_scores(run: Run, by: User) -> None:
    """An uploaded run takes scores again; any other can be resumed from a scoring that was not."""
    last = run.current_job
    run.scored_at, run.current_job = None, None
    if run.is_scored_here:
        run.current_job = jobs.submit_cancelled(
            team=run.team, kind="score", subject_id=run.pk, title=run.name,
            queue=_queue_of(run, last), by=by, reason=f"{by} deleted the scores.",
        )  # fmt: skip
    run.save(update_fields=["scored_at", "current_job", "updated_at"])


def _queue_of(run: Run, last: Job | None) -> str:
    """Where it was scored, which an evaluation's queue says nothing of."""
    scorings = Job.objects.filter(subject_id=run.pk, kind="score").order_by("-pk")
    found = scorings.first() or last
    return found.queue if found else jobs.default_queue()

"""Every change of a sweep: all of its runs are submitted at once, and cancelled at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from ml.records import hash_of
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import ConflictError, UserError
from webapp.common.holding import keep
from webapp.common.schema import learning_values
from webapp.datasets.models import Dataset, FeatureSet, Split
from webapp.datasets.splits import FoldRule, stratified_folds
from webapp.jobs import services as jobs
from webapp.jobs import stages as shared
from webapp.runs import origins, stages
from webapp.runs.checks import LONGEST_NAME, check_submission, ground_truth_of
from webapp.runs.grid import MAX_RUNS, Configuration, GridError, configurations, too_many
from webapp.runs.models import LARGEST_SEED, Checkpoint, Method, Run, Sweep
from webapp.runs.services import name_of

LONGEST_TITLE = 120
MORE = " …"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a sweep would be: checked, and not stored yet."""

    rows: list[Configuration]
    seeds: list[int]
    splits: list[Split]  # one, or one per fold
    n_trainings: int  # runs that differ only in how they score share one

    @property
    def n_runs(self) -> int:
        return len(self.rows) * len(self.seeds) * len(self.splits)


def plan_sweep(
    *,
    method: Method,
    split: Split,
    config: dict[str, Any],
    grid: dict[str, list[Any]],
    variants: Sequence[dict[str, Any]] = (),
    seeds: Sequence[int] = (0,),
    folds: Sequence[int] = (),
    cross_validation: FoldRule | None = None,
) -> Plan:
    """Raise UserError, with the field, where the whole could not be submitted.

    With `cross_validation` folds are yet to be made, in place of `split` and its `folds`.
    """
    rows = configurations(method.schema, config, grid, variants)
    _check_seeds(seeds)
    splits = _splits_to_be(split, folds, cross_validation)
    trained = {_learning_hash(method, row) for row in rows}
    plan = Plan(
        rows=rows,
        seeds=list(seeds),
        splits=splits,
        n_trainings=len(trained) * len(seeds) * len(splits),
    )
    if plan.n_runs > MAX_RUNS:
        raise too_many(plan.n_runs)
    if plan.n_runs < 2:
        text = _("This makes a single run: vary a field, or name several seeds or folds.")
        raise GridError({"/grid": text})
    return plan


@transaction.atomic
def submit_sweep(
    *,
    team: Team,
    dataset: Dataset,
    split: Split,
    method: Method,
    feature_set: FeatureSet | None = None,
    config: dict[str, Any],
    grid: dict[str, list[Any]],
    variants: Sequence[dict[str, Any]] = (),
    seeds: Sequence[int] = (0,),
    folds: Sequence[int] = (),
    cross_validation: FoldRule | None = None,
    title: str = "",
    selection: str = Run.Selection.LAST,
    queue: str = "",
    by: User,
) -> Sweep:
    """Submit all runs of a sweep, or none. Raise UserError, with the field, for none.

    With `cross_validation` on folds that are made for it, or are there by the same rule, in
    place of `split` and its `folds`.
    """
    require(by, Permission.RUN_SUBMIT, team=team)
    keep(dataset, feature_set)
    if cross_validation is not None:
        _check_one_kind_of_folds(folds)
        made = stratified_folds(dataset=dataset, rule=cross_validation, by=by)
        split, folds = made[0], [fold.fold or 0 for fold in made]
    plan = plan_sweep(
        method=method, split=split, config=config, grid=grid, variants=variants, seeds=seeds,
        folds=folds,
    )  # fmt: skip
    _check_title(title)
    for each in plan.splits:
        check_submission(
            team=team, dataset=dataset, split=each, method=method, feature_set=feature_set,
            seed=plan.seeds[0], selection=selection, queue=queue,
        )  # fmt: skip
    sweep = Sweep.objects.create(
        team=team,
        title=title.strip() or f"{method.title} on {dataset.name}"[:LONGEST_TITLE],
        dataset=dataset,
        split=split,
        method=method,
        feature_set=feature_set,
        config=config,
        grid=grid,
        variants=[{"title": "", "config": {}} | variant for variant in variants],
        seeds=plan.seeds,
        folds=list(folds),
        created_by=by,
    )
    runs = _runs_of(sweep, plan, selection, _starts(sweep, plan, by))
    _begin(runs, queue=queue or jobs.default_queue(), by=by)
    record(
        AuditEvent.Act.SWEEP_SUBMITTED, sweep, team=team, by=by,
        dataset=dataset.name, method=method.title, n_runs=len(runs),
    )  # fmt: skip
    return sweep


def _starts(sweep: Sweep, plan: Plan, by: User) -> dict[int, Checkpoint]:
    """What the runs of each row begin with. Raise GridError for a row that cannot."""
    found = {}
    for row in plan.rows:
        if row.starts_from:
            try:
                found[row.row] = origins.start_of(
                    row.starts_from, team=sweep.team, method=sweep.method, config=row.config, by=by
                )
            except UserError as error:
                raise GridError({"/variants": f"{row.title}: {error.sentence}"}) from error
    return found


def _check_title(title: str) -> None:
    if len(title.strip()) > LONGEST_TITLE:
        raise UserError(_("title: more than %s characters") % LONGEST_TITLE, field="title")


def cancel_sweep(*, sweep: Sweep, by: User) -> Sweep:
    """End all that waits or works. Raise ConflictError when nothing does.

    A training that ends meanwhile is followed by its scoring, which is found in the next round.
    """
    require(by, Permission.RUN_CANCEL, team=sweep.team)
    with transaction.atomic():
        if not _cancel_jobs(sweep, by):
            raise ConflictError(_("All runs of %s have ended.") % sweep, code="sweep_ended")
        record(AuditEvent.Act.SWEEP_CANCELLED, sweep, team=sweep.team, by=by)
    while _cancel_jobs(sweep, by):
        pass
    return sweep


def _cancel_jobs(sweep: Sweep, by: User) -> int:
    """How many there were to cancel."""
    going_on = shared.going_on(sweep.runs.values("pk"))
    found = list(going_on.order_by("-pk"))  # what waits goes first
    for job in found:
        with suppress(ConflictError):
            jobs.request_cancel(job=job, by=by, is_recorded=False)
    return len(found)


def _check_seeds(seeds: Sequence[int]) -> None:
    if not seeds:
        raise UserError(_("seeds: at least one is needed"), field="seeds")
    _check_numbers("seeds", seeds)
    for seed in seeds:
        if not 0 <= seed <= LARGEST_SEED:
            sentence = _("seeds: %(seed)s is not between 0 and %(largest)s")
            raise UserError(sentence % {"seed": seed, "largest": LARGEST_SEED}, field="seeds")


def _splits_to_be(
    split: Split, folds: Sequence[int], cross_validation: FoldRule | None
) -> list[Split]:
    """As they are stored, or of folds yet to be made what is known of them."""
    if cross_validation is None:
        return _splits_of(split, folds)
    _check_one_kind_of_folds(folds)
    numbers = range(1, cross_validation.n_folds + 1)
    return [Split(dataset=split.dataset, name=cross_validation.name, fold=each) for each in numbers]


def _check_one_kind_of_folds(folds: Sequence[int]) -> None:
    if folds:
        sentence = _("folds: name those of the split, or have new ones made, not both")
        raise UserError(sentence, field="folds")


def _splits_of(split: Split, folds: Sequence[int]) -> list[Split]:
    """Those of the folds, or the split alone. Raise UserError for a fold that is not there."""
    if not folds:
        return [split]
    _check_numbers("folds", folds)
    alike = Split.objects.filter(
        dataset=split.dataset_id, name=split.name, version=split.version, fold__isnull=False
    )
    known = {each.fold: each for each in alike.order_by("fold")}
    for fold in folds:
        if fold not in known:
            sentence = _("folds: %(split)s has no fold %(fold)s; it has %(known)s")
            words = {"split": split, "fold": fold, "known": ", ".join(map(str, known)) or _("none")}
            raise UserError(sentence % words, field="folds")
    return [known[fold] for fold in folds]


def _check_numbers(field: str, values: Sequence[int]) -> None:
    if len(values) > MAX_RUNS:
        sentence = _("%(field)s: these are %(n)s; a sweep has at most %(most)s runs")
        words = {"field": field, "n": len(values), "most": MAX_RUNS}
        raise UserError(sentence % words, field=field)
    for value, n in Counter(values).items():
        if n > 1:
            sentence = _("%(field)s: %(value)s is there twice")
            raise UserError(sentence % {"field": field, "value": value}, field=field)


def _runs_of(
    sweep: Sweep, plan: Plan, selection: str, starts: Mapping[int, Checkpoint]
) -> list[Run]:
    """Not stored yet. Of those that would learn the same, the first trains for all."""
    truth = ground_truth_of(sweep.dataset)
    trainers: dict[tuple[str, str, int], Run] = {}
    runs = []
    for row in plan.rows:
        learnt = _learning_hash(sweep.method, row)
        for split in plan.splits:
            for seed in plan.seeds:
                run = Run(
                    team=sweep.team,
                    name=_name(sweep, plan, row, split, seed),
                    dataset=sweep.dataset,
                    split=split,
                    annotation_set=truth,
                    method=sweep.method,
                    feature_set=sweep.feature_set,
                    features=name_of(sweep.feature_set),
                    config=row.config,
                    starts_from=starts.get(row.row),
                    seed=seed,
                    selection=selection,
                    dataset_hash=sweep.dataset.content_hash,
                    created_by=sweep.created_by,
                    sweep=sweep,
                    sweep_row=row.row,
                )
                trainer = trainers.setdefault((learnt, split.pk, seed), run)
                run.trained_by = None if trainer is run else trainer
                runs.append(run)
    return runs


def _begin(runs: Sequence[Run], *, queue: str, by: User) -> None:
    """Store the runs, each with the job that trains it; the trainer stands before the others."""
    for run in runs:
        if run.trained_by is None:
            run.current_job = stages.submit_job(run, "train", queue=queue, by=by, rings=False)
        else:
            run.current_job = run.trained_by.current_job
    Run.objects.bulk_create(runs)
    trainers = [run for run in runs if run.trained_by is None]
    shared.set_job_of_each(run.job for run in trainers)
    transaction.on_commit(partial(jobs.ring_in_turn, [run.job for run in trainers]))


def _learning_hash(method: Method, row: Configuration) -> str:
    return hash_of([learning_values(method.schema, row.config), row.starts_from])


def _name(sweep: Sweep, plan: Plan, row: Configuration, split: Split, seed: int) -> str:
    parts = [sweep.title, row.title]
    parts += [_("fold %s") % split.fold] * (len(plan.splits) > 1)
    parts += [_("seed %s") % seed] * (len(plan.seeds) > 1)
    name = " · ".join(filter(None, parts))
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - len(MORE)] + MORE

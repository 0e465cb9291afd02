"""Runs that a paper's tables lack on a dataset: trainings to submit, and scores to combine."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import UserError
from webapp.results.scores.combining import RULES
from webapp.results.scores.virtual import create_virtual_run
from webapp.results.studies.paper_tables import PaperTables
from webapp.results.studies.printed import Setting
from webapp.runs.models import Method, Run, Sweep
from webapp.runs.services import create_run
from webapp.runs.sweeps import submit_sweep


@transaction.atomic
def combine_missing(found: PaperTables, *, by: User) -> list[Run]:
    """The virtual runs that rows of several methods lack. Raise UserError where none does."""
    team = found.dataset.team
    require(by, Permission.RUN_SUBMIT, team=team)
    wanted = found.to_combine
    if not wanted:
        raise UserError(_("There is nothing to combine: runs of the members come first."))
    return [
        create_virtual_run(
            team=team,
            recipe=RULES["mean"].recipe(run.pk for run in members),
            name=f"{row.claim.method} · {_('seed %s') % members[0].seed}",
            by=by,
        )
        for row, members in wanted
    ]


@transaction.atomic
def submit_missing(
    found: PaperTables,
    *,
    seeds: Sequence[int] = (0,),
    selection: str = Run.Selection.LAST,
    validate_every: int | None = None,
    by: User,
) -> list[Sweep | Run]:
    """With the paper's settings, a sweep for each method; a run where it would be a single one.

    Every `validate_every` updates a checkpoint may be chosen, as often as a method does itself
    unless told: after each, 1, is how many published numbers were chosen on test. Raise UserError
    where nothing lacks, or where one of them could not be submitted.
    """
    team = found.dataset.team
    require(by, Permission.RUN_SUBMIT, team=team)
    wanted = sorted(found.to_train, key=lambda setting: setting.method)
    if not wanted:
        raise UserError(_("Of every row for these features something has been submitted."))
    common: dict[str, Any] = {
        "team": team, "dataset": found.dataset, "split": found.split,
        "feature_set": found.feature_set, "selection": selection, "by": by,
    }  # fmt: skip
    if validate_every is not None:
        wanted = [each.with_also(validate_every=validate_every) for each in wanted]
    return [
        _submit(method, list(settings), list(seeds), common)
        for method, settings in groupby(wanted, key=lambda setting: setting.method)
    ]


def _submit(
    name: str, settings: list[Setting], seeds: list[int], common: dict[str, Any]
) -> Sweep | Run:
    method = Method.objects.filter(pk=name).first()
    if method is None:
        raise UserError(_("No worker has told of the method %s yet: start one.") % name)
    if len(settings) * len(seeds) == 1:
        [setting], [seed] = settings, seeds
        return create_run(
            **common, method=method, config=dict(setting.config), seed=seed, name=setting.title
        )
    variants = [{"title": each.title, "config": dict(each.config)} for each in settings]
    return submit_sweep(
        **common, method=method, config={}, grid={}, variants=variants, seeds=seeds,
        title=f"{method.title}: {_('tables of the paper')}",
    )  # fmt: skip

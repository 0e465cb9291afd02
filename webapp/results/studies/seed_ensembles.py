"""Ensembles over seeds: for each configuration of a sweep the mean of the scores of all its seeds.

On each fold by itself, once all seeds are scored there. How many of them are worth more than one
is then a number of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from webapp.accounts.models import User
from webapp.accounts.permissions import Permission, require
from webapp.common.errors import UserError
from webapp.results.scores.combining import RULES, plain_means
from webapp.results.scores.virtual import create_virtual_run
from webapp.runs.models import Run, Sweep


@dataclass(frozen=True, kw_only=True)
class SeedEnsemble:
    """`members` are the runs of a configuration on one split, `run` their mean if it is there."""

    members: tuple[Run, ...]
    run: Run | None

    @property
    def name(self) -> str:
        """That of its members without their seeds."""
        first = self.members[0]
        of_all = first.name.removesuffix(f" · {_('seed %s') % first.seed}")
        return f"{of_all} · {_('mean of %d seeds') % len(self.members)}"


def seed_ensembles(sweep: Sweep, runs: Iterable[Run]) -> list[SeedEnsemble]:
    """Of a sweep's runs, in their order; none where it has one seed."""
    groups: dict[tuple[int | None, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.sweep_row, run.split_id), []).append(run)
    whole = [tuple(each) for each in groups.values() if _is_whole(sweep, each)]
    if not whole:
        return []
    means = plain_means(sweep.team, {members[0].split for members in whole})
    return [
        SeedEnsemble(members=each, run=means.get(frozenset(run.pk for run in each)))
        for each in whole
    ]


def _is_whole(sweep: Sweep, runs: list[Run]) -> bool:
    """A run for each of several seeds, all of them scored."""
    return 1 < len(runs) == len(sweep.seeds) and all(run.scored_at for run in runs)


@transaction.atomic
def combine_seeds(sweep: Sweep, *, by: User) -> list[Run]:
    """Make the ensembles that are not there yet. Raise UserError where there is none to make."""
    require(by, Permission.RUN_SUBMIT, team=sweep.team)
    runs = sweep.runs.select_related("split").order_by("sweep_row", "split__fold", "seed", "pk")
    wanted = [each for each in seed_ensembles(sweep, runs) if each.run is None]
    if not wanted:
        sentence = _("There is nothing to combine: all seeds of a configuration have to be scored.")
        raise UserError(sentence, code="nothing_to_combine")
    return [
        create_virtual_run(
            team=sweep.team,
            recipe=RULES["mean"].recipe(run.pk for run in each.members),
            name=each.name,
            by=by,
        )
        for each in wanted
    ]

"""Scored runs that lack numbers which a page would show, in words and with what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, QuerySet
from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, has_permission
from webapp.jobs.models import Job
from webapp.results.models import Evaluation, Protocol, ScoreOverview
from webapp.results.protocols.current_evaluations import IS_CURRENT
from webapp.results.scores.evaluation_tasks import lacking
from webapp.results.scores.video_names import some
from webapp.runs.models import Run, RunQuerySet

MAX_AT_ONCE = 200  # ids in one form, and jobs at one click


@dataclass(frozen=True, kw_only=True)
class Unevaluated:
    """For `results/_unevaluated.html`. `to_submit` are ids that the viewer may have evaluated."""

    n: int
    n_going_on: int
    titles: str  # of what they lack
    to_submit: Sequence[str]

    @property
    def has_more(self) -> bool:
        """Than one click submits."""
        return bool(self.to_submit) and len(self.to_submit) < self.n - self.n_going_on


def unevaluated(
    runs: RunQuerySet,
    protocols: Sequence[Protocol],
    *,
    user: User | AnonymousUser,
    needs_overview: bool = False,
) -> Unevaluated | None:
    """What `runs` lack under `protocols`, all of one team or presets; None where they have it."""
    found = lacking(runs, protocols, needs_overview=needs_overview).order_by("-pk")
    facts = list(found.values_list("pk", "team", "current_job__status"))
    if not facts:
        return None
    resting = [(pk, team) for pk, team, status in facts if status in (None, *Job.TERMINAL)]
    allowed = _where_allowed({team for _pk, team in resting}, user)
    run_ids = [pk for pk, _team, _status in facts]
    titles = _missing_titles(run_ids, protocols)
    if needs_overview and _of_runs(ScoreOverview, run_ids).count() < len(run_ids):
        titles.append(_("the grid of conventions"))
    return Unevaluated(
        n=len(facts),
        n_going_on=len(facts) - len(resting),
        titles=some(titles),
        to_submit=[pk for pk, team in resting if team in allowed][:MAX_AT_ONCE],
    )


def _where_allowed(teams: Iterable[str], user: User | AnonymousUser) -> set[str]:
    found = Team.objects.filter(pk__in=list(teams))
    return {team.pk for team in found if has_permission(user, Permission.RUN_SUBMIT, team=team)}


def _missing_titles(run_ids: Sequence[str], protocols: Sequence[Protocol]) -> list[str]:
    """Of the protocols under which not all of these runs have numbers."""
    counted = _of_runs(Evaluation, run_ids).order_by().values("protocol").annotate(n=Count("pk"))
    n_evaluated = dict(counted.values_list("protocol", "n"))
    return [each.title for each in protocols if n_evaluated.get(each.pk, 0) < len(run_ids)]


def _of_runs(table: type[Evaluation | ScoreOverview], run_ids: Sequence[str]) -> QuerySet[Any]:
    """By this evaluator, against the ground truth that each run was submitted with."""
    rows: QuerySet[Any] = table._default_manager.filter(IS_CURRENT, score_set__run__in=run_ids)
    return rows.filter(annotation_set=F("score_set__run__annotation_set"))


def as_rows(runs: Iterable[Run]) -> RunQuerySet:
    return Run.objects.filter(pk__in=[run.pk for run in runs])

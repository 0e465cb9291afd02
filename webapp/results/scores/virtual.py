"""Virtual runs: a recipe over other runs' scores, without stored arrays."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ml.records import BadInput, hash_of
from ml.scores.fusion import Recipe
from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.audit.models import AuditEvent
from webapp.audit.services import record
from webapp.common.errors import UserError
from webapp.common.holding import keep_ids
from webapp.results.models import ScoreOverview, ScoreSet
from webapp.results.scores.evaluation_jobs import submit_evaluation
from webapp.results.scores.reading import score_sets_of
from webapp.results.scores.validation import fused_hashes
from webapp.runs.checks import LONGEST_NAME
from webapp.runs.models import Run

CALIBRATIONS = {
    "none": gettext_lazy("scores as they are"),
    "validation": gettext_lazy("0…1 over the validation videos"),
    "test_set": gettext_lazy("0…1 over all videos"),
    "per_video": gettext_lazy("0…1 in each video"),
}
RULE = "A frame has a score where all runs of the recipe have one."


@transaction.atomic
def create_virtual_run(*, team: Team, recipe: dict[str, Any], name: str = "", by: User) -> Run:
    """Mix scored runs of one split and ground truth. Raise UserError where they do not fit."""
    require(by, Permission.RUN_SUBMIT, team=team)
    parsed = _parsed(recipe)
    members = _members(team, parsed)
    _check_calibrations(parsed)
    first = members[0]
    run = Run.objects.create(
        team=team,
        name=name.strip()[:LONGEST_NAME] or _name(members),
        kind=Run.Kind.VIRTUAL,
        dataset=first.dataset,
        split=first.split,
        annotation_set=first.annotation_set,
        method_title=_title(len(members)),
        supervision=_shared(members, "supervision"),
        recipe=parsed.to_json(),
        selection=_least_trusted(members),
        dataset_hash=first.dataset_hash,
        created_by=by,
        scored_at=timezone.now(),
    )
    _score_set(run, parsed)
    submit_evaluation(run, by=by)
    record(AuditEvent.Act.RUN_MIXED, run, team=team, by=by, of=[member.name for member in members])
    return run


def _parsed(recipe: dict[str, Any]) -> Recipe:
    try:
        return Recipe.from_json(recipe)
    except BadInput as error:
        raise UserError(str(error), field="recipe") from error


def _members(team: Team, recipe: Recipe) -> list[Run]:
    """The runs in the recipe's order, all scored and on the same videos."""
    ids = [member.run for member in recipe.members]
    keep_ids(Run, ids)  # whoever deletes one of them meanwhile waits, and finds this recipe
    found = Run.objects.filter(team=team).select_related("dataset", "split", "method")
    runs = found.in_bulk(ids)
    for run_id in ids:
        if run_id not in runs:
            raise UserError(_("There is no run %s in this team.") % run_id, field="recipe")
        _check_member(runs[run_id], runs[ids[0]])
    return [runs[run_id] for run_id in ids]


def _check_member(run: Run, first: Run) -> None:
    if run.scored_at is None:
        raise UserError(_("%s has no scores yet.") % run, code="not_scored", field="recipe")
    if run.split_id != first.split_id or run.annotation_set_id != first.annotation_set_id:
        sentence = _("%(run)s and %(first)s were scored on other splits or ground truth.")
        raise UserError(sentence % {"run": run, "first": first}, code="not_alike", field="recipe")


def _check_calibrations(recipe: Recipe) -> None:
    score_sets = score_sets_of(recipe)
    for member in recipe.members:
        score_set = score_sets[member.run]
        if member.calibration == "validation" and not score_set.validation_hash:
            sentence = _("%s has no scores of validation videos to be calibrated by.")
            raise UserError(sentence % score_set.run, code="no_validation", field="recipe")
        if member.calibration == "test_set" and not _knows_range(score_set):
            sentence = _("%s has not been evaluated: the range of its scores is not known yet.")
            raise UserError(sentence % score_set.run, code="not_evaluated", field="recipe")


def _knows_range(score_set: ScoreSet) -> bool:
    """That of another virtual run is found when it is evaluated; one without scores has none."""
    is_virtual = score_set.run.kind == Run.Kind.VIRTUAL
    if not is_virtual or score_set.lowest is not None:
        return True
    return ScoreOverview.objects.filter(score_set=score_set).exists()


def _score_set(run: Run, recipe: Recipe) -> ScoreSet:
    """Nothing is read for it: the job that evaluates the scores finds their range, too."""
    hashes = {pk: each.content_hash for pk, each in score_sets_of(recipe).items()}
    held_out = fused_hashes(recipe)
    return ScoreSet.objects.create(
        run=run,
        rule=RULE,
        validation_hash=hash_of({"recipe": recipe.to_json(), "scores": held_out})
        if held_out
        else "",
        content_hash=hash_of({"recipe": recipe.to_json(), "scores": hashes}),
    )


def _name(members: list[Run]) -> str:
    return " + ".join(run.name for run in members)[:LONGEST_NAME]


def _title(n_members: int) -> str:
    return _("Mean of %d runs") % n_members if n_members > 1 else _("From another run")


def _shared(members: list[Run], field: str) -> str:
    values = {getattr(run.method or run, field) for run in members}
    return str(values.pop()) if len(values) == 1 else ""


def _least_trusted(members: list[Run]) -> str:
    """A mean is as honest as the least honest of its members."""
    for selection in (Run.Selection.TEST, Run.Selection.UNKNOWN, Run.Selection.VALIDATION):
        if any(run.selection == selection for run in members):
            return selection
    return Run.Selection.LAST


def members_of(run: Run) -> list[dict[str, Any]]:
    """The recipe of a virtual run for people: run, weight and calibration of each member."""
    members = Recipe.from_json(run.recipe).members if run.recipe else ()
    runs = Run.objects.in_bulk([member.run for member in members])
    return [
        {
            "run": runs[member.run],
            "weight": member.weight,
            "calibration": member.calibration,
            "calibration_label": CALIBRATIONS[member.calibration],
        }
        for member in members
    ]

"""Where the weights of a new run come from: it learns them, or they were brought in.

Training begins with random ones, with those of another run or with some that were brought in.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from webapp.accounts.models import Team, User
from webapp.accounts.permissions import Permission, require
from webapp.common.config import ConfigError
from webapp.common.errors import UserError
from webapp.common.schema import defaults_of, learning_values, network_values, to_text
from webapp.runs.config import complete_config
from webapp.runs.models import Checkpoint, Method, Run, Weights
from webapp.runs.training import checkpoint_to_score


def scored_with(
    weights: Weights, *, team: Team, method: Method, config: dict[str, Any], selection: str
) -> dict[str, Any]:
    """Fields of a run that trains nothing. Raise UserError where `weights` are none for it."""
    _check_published("weights", weights, team, method)
    if selection not in (Run.Selection.LAST, weights.selection):
        sentence = _("selection: nothing is chosen here, how the weights were is: %s")
        label = weights.get_selection_display()
        raise UserError(sentence % label, field="selection")
    return {
        "kind": Run.Kind.WEIGHTS,
        "weights": weights,
        "selection": weights.selection,
        "reference": weights.source,
        "config": config_to_score(weights, method, config),
    }


def config_to_score(weights: Weights, method: Method, config: dict[str, Any]) -> dict[str, Any]:
    """That of the weights, scored as `config` says. Raise ConfigError where that is not all."""
    fixed = learning_values(method.schema, defaults_of(method.schema) | weights.config)
    sentence = _("%(field)s: the weights are of a network with %(theirs)s (given: %(ours)s)")
    problems = {
        name: sentence % {"field": name, "theirs": to_text(fixed[name]), "ours": to_text(value)}
        for name, value in config.items()
        if name in fixed and value != fixed[name]
    }
    if problems:
        raise ConfigError(problems)
    return complete_config(method.schema, weights.config | config)


def trained_from(
    start: Run | Weights | None, *, team: Team, method: Method, config: dict[str, Any], by: User
) -> dict[str, Any]:
    """Fields of a run that trains. Raise UserError where `start` is nothing to begin with."""
    complete = complete_config(method.schema, config)
    if start is None:
        return {"config": complete}
    if isinstance(start, Run):
        checkpoint = _of_run(start, method, complete, by)
    else:
        checkpoint = _of_weights(start, team, method, complete)
    return {"config": complete, "starts_from": checkpoint}


def start_of(
    origin_id: str, *, team: Team, method: Method, config: dict[str, Any], by: User
) -> Checkpoint:
    """What a training begins with, by the id of a run or of weights. Raise UserError."""
    visible = (Run.objects.visible_to(by), Weights.objects.visible_to(by))
    start = next((found for each in visible if (found := each.filter(pk=origin_id).first())), None)
    if start is None:
        sentence = _("starts_from: there is no run and are no weights called %s")
        raise UserError(sentence % origin_id, field="starts_from")
    fields = trained_from(start, team=team, method=method, config=config, by=by)
    checkpoint: Checkpoint = fields["starts_from"]
    return checkpoint


def only_one(
    weights: Weights | None, starts_from: Run | None, starts_from_weights: Weights | None
) -> Run | Weights | None:
    """What a training begins with. Raise UserError where the three contradict each other."""
    start = starts_from or starts_from_weights
    field = "starts_from" if starts_from else "starts_from_weights"
    if weights is not None and start is not None:
        sentence = _("%s: nothing is trained where weights are scored as they came")
        raise UserError(sentence % field, field=field)
    if starts_from and starts_from_weights:
        sentence = _("starts_from_weights: a training begins with weights of one kind")
        raise UserError(sentence, field="starts_from_weights")
    return start


def _check_published(field: str, weights: Weights, team: Team, method: Method) -> None:
    _check_ready(field, weights, team)
    _check_method(field, weights, weights.method, method)


def _check_ready(field: str, weights: Weights, team: Team) -> None:
    if weights.team_id != team.pk:
        raise UserError(_("%s belongs to another team.") % weights, field=field)
    if weights.state != "ready":
        sentence = _("%(field)s: %(weights)s has not been read to a good end")
        words = {"field": field, "weights": weights}
        raise UserError(sentence % words, code="weights_not_ready", field=field)


def _check_method(field: str, origin: Run | Weights, theirs: Method | None, ours: Method) -> None:
    if theirs != ours:
        sentence = _("%(field)s: %(origin)s has weights of %(theirs)s, not of %(ours)s")
        named = theirs or (origin.method_name if isinstance(origin, Run) else "")
        words = {"field": field, "origin": origin, "theirs": named, "ours": ours}
        raise UserError(sentence % words, field=field)


def _check_start(field: str, origin: Run | Weights, theirs: Method | None, ours: Method) -> None:
    if not ours.may_begin_with(theirs):
        _check_method(field, origin, theirs, ours)


def _check_network(
    field: str, origin: Run | Weights, method: Method, config: dict[str, Any]
) -> None:
    """Of another method as far as both have the fields: the rest its training looks at."""
    ours, theirs = (network_values(method.schema, each) for each in (config, origin.config))
    if origin.method != method:
        ours = {name: value for name, value in ours.items() if name in theirs}
    if changed := sorted(name for name in ours if ours[name] != theirs.get(name)):
        sentence = _("%(field)s: %(origin)s has the weights of another network: %(fields)s")
        words = {"field": field, "origin": origin, "fields": ", ".join(changed)}
        raise UserError(sentence % words, code="other_network", field=field)


def _of_weights(weights: Weights, team: Team, method: Method, config: dict[str, Any]) -> Checkpoint:
    _check_ready("starts_from_weights", weights, team)
    _check_start("starts_from_weights", weights, weights.method, method)
    _check_network("starts_from_weights", weights, method, config)
    return weights.checkpoint


def _of_run(run: Run, method: Method, config: dict[str, Any], by: User) -> Checkpoint:
    require(by, Permission.RUN_SUBMIT, team=run.team)
    _check_start("starts_from", run, run.method, method)
    if run.is_selected_on_test:
        sentence = _(
            "starts_from: the weights of %s were chosen on test, which these have seen then"
        )
        raise UserError(sentence % run, code="selected_on_test", field="starts_from")
    _check_network("starts_from", run, method, config)
    try:
        return checkpoint_to_score(run)
    except UserError as error:
        raise UserError(f"starts_from: {error.sentence}", field="starts_from") from error

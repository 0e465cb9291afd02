"""Evaluating stored scores: what is there is never computed again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction

from ml.evaluation import EVALUATOR_VERSION, Outcome, Settings, evaluate_under
from webapp.results.models import Evaluation, Protocol, ScoreSet
from webapp.results.scores.with_ground_truth import labelled_scores, labelled_validation


def evaluate(score_set: ScoreSet, protocol: Protocol) -> Evaluation:
    """As `evaluate_under_each`, under one."""
    return evaluate_under_each(score_set, [protocol])[0]


@transaction.atomic
def evaluate_under_each(score_set: ScoreSet, protocols: Sequence[Protocol]) -> list[Evaluation]:
    """Evaluate against the ground truth that the run was submitted with.

    Evaluations that exist are returned as they are.
    """
    key = evaluations_key(score_set)
    existing = Evaluation.objects.filter(**key, protocol__in=protocols).select_related("protocol")
    found = {each.protocol_id: each for each in existing}
    missing = [protocol for protocol in protocols if protocol.pk not in found]
    for protocol, values in zip(missing, _evaluated(score_set, missing), strict=True):
        made = Evaluation.objects.get_or_create(**key, protocol=protocol, defaults=values)[0]
        found[protocol.pk] = made
    return [found[protocol.pk] for protocol in protocols]


def evaluations_key(score_set: ScoreSet) -> dict[str, Any]:
    """By which the evaluations that this evaluator makes of a run are found."""
    return {
        "score_set": score_set,
        "annotation_set": score_set.run.annotation_set,
        "evaluator_version": EVALUATOR_VERSION,
    }


def hashes_of(score_set: ScoreSet) -> dict[str, str]:
    return {
        "score_hash": score_set.content_hash,
        "annotation_hash": score_set.run.annotation_set.content_hash,
    }


def _evaluated(score_set: ScoreSet, protocols: Sequence[Protocol]) -> Iterator[dict[str, Any]]:
    """Values of an evaluation under each of `protocols`; scores are read once."""
    if not protocols:
        return
    annotation_set = score_set.run.annotation_set
    hashes = hashes_of(score_set)
    outcomes = evaluate_under(
        labelled_scores(score_set, annotation_set),
        [Settings.from_json(protocol.settings) for protocol in protocols],
        labelled_validation(score_set, annotation_set),
    )
    for outcome in outcomes:
        yield outcome.to_json() | _replicates(outcome) | hashes


def _replicates(outcome: Outcome) -> dict[str, Any]:
    replicates = outcome.replicates
    return {
        "replicates": replicates.facts(),
        "replicate_values": replicates.values.astype("<f8").tobytes(),
    }

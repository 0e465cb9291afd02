"""Storing scores and evaluating them: the only writers of this app."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from ml.evaluation import EVALUATOR_VERSION, Outcome, Settings, evaluate_under
from ml.records import BadInput, Scores, hash_of
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Part, Video
from webapp.jobs.models import Job
from webapp.results.labelled import labelled_scores, labelled_validation
from webapp.results.models import (
    Evaluation,
    Protocol,
    ScoreSet,
    ValidationScores,
    VideoScores,
)
from webapp.results.protocols import ensure_protocols
from webapp.runs.models import Run
from webapp.runs.services import mark_scored

__all__ = [
    "ensure_protocols",
    "evaluate",
    "evaluate_under_each",
    "evaluations_key",
    "hashes_of",
    "save_scores",
]


@transaction.atomic
def save_scores(
    *,
    run: Run,
    job: Job | None,
    scores: Mapping[str, Scores],
    validation: Mapping[str, Scores] | None = None,
    rule: str,
) -> ScoreSet:
    """Store the scores of all test videos of `run`, keyed by video id, or none of them.

    Those of all its `validation` videos go beside them, unless that is None. Saving the same
    scores again gives the score set that is there. Raise UserError when they do not fit the
    videos, ConflictError when the run has other scores.
    """
    Run.objects.select_for_update().get(pk=run.pk)  # two jobs cannot both find no scores
    _check_scores(run, scores, Part.TEST)
    if validation is not None:
        _check_scores(run, validation, Part.VALIDATION)
    hashes = {
        "content_hash": _content_hash(scores, rule),
        "validation_hash": _content_hash(validation, rule) if validation else "",
    }
    existing = ScoreSet.objects.filter(run=run).first()
    if existing is None:
        score_set = _insert(run=run, job=job, scores=scores, rule=rule, hashes=hashes)
        _copy(score_set, validation or {}, ValidationScores)
        return score_set
    if any(getattr(existing, name) != value for name, value in hashes.items()):
        raise ConflictError(f"{run.name} has other scores already; stored scores never change.")
    return existing


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


def _check_scores(run: Run, scores: Mapping[str, Scores], part: Part) -> None:
    videos = Video.objects.ready().in_split(run.split, part)
    expected = {
        pk: (name, n_frames) for pk, name, n_frames in videos.values_list("pk", "name", "n_frames")
    }
    unknown = sorted(scores.keys() - expected.keys())
    if unknown:
        raise UserError(
            f"{len(unknown)} of {len(scores)} score arrays are for no {part} video of the split "
            f"{run.split}: {_some(unknown)}"
        )
    missing = sorted(expected[pk][0] for pk in expected.keys() - scores.keys())
    if missing or not expected:
        raise UserError(
            f"{len(missing)} of {len(expected)} {part} videos have no scores: {_some(missing)}"
        )
    for pk, video_scores in scores.items():
        name, n_frames = expected[pk]
        try:
            video_scores.check(n_frames)
        except BadInput as error:
            raise UserError(f"{name}: {error}") from error


def _some(names: list[str], n_shown: int = 5) -> str:
    rest = len(names) - n_shown
    return ", ".join(names[:n_shown]) + (f" and {rest} more" if rest > 0 else "")


def _content_hash(scores: Mapping[str, Scores], rule: str) -> str:
    return hash_of({"rule": rule, "scores": {pk: _facts(each) for pk, each in scores.items()}})


def _facts(scores: Scores) -> list[str | int]:
    """Of float32 they are what they were before there were others."""
    digest = hashlib.sha256(scores.to_bytes()).hexdigest()
    kind = ["float64"] if scores.is_double else []
    return [digest, scores.first_frame, scores.frames_per_value, *kind]


def _insert(
    *,
    run: Run,
    job: Job | None,
    scores: Mapping[str, Scores],
    rule: str,
    hashes: Mapping[str, str],
) -> ScoreSet:
    extremes = [known for each in scores.values() if (known := each.extremes)]
    score_set = ScoreSet.objects.create(
        run=run,
        job=job,
        rule=rule,
        **hashes,
        lowest=min((low for low, _high in extremes), default=None),
        highest=max((high for _low, high in extremes), default=None),
    )
    _copy(score_set, scores, VideoScores)
    mark_scored(run)
    return score_set


def _copy(
    score_set: ScoreSet, scores: Mapping[str, Scores], table: type[VideoScores | ValidationScores]
) -> None:
    """COPY takes the bytes as they are; in an INSERT they would travel as text, twice as long."""
    columns = 'score_set_id, video_id, "values", first_frame, frames_per_value, is_double'
    statement = f"COPY {table._meta.db_table} ({columns}) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.set_types(["varchar", "varchar", "bytea", "int4", "int4", "bool"])
        for pk, each in scores.items():
            places = each.first_frame, each.frames_per_value
            copy.write_row([score_set.pk, pk, each.to_bytes(), *places, each.is_double])


def _replicates(outcome: Outcome) -> dict[str, Any]:
    replicates = outcome.replicates
    return {
        "replicates": replicates.facts(),
        "replicate_values": replicates.values.astype("<f8").tobytes(),
    }

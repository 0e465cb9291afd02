"""Storing the scores of a run: of all its videos, or none."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.db import connection, transaction

from ml.records import BadInput, Scores, hash_of
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Part, Video
from webapp.jobs.models import Job
from webapp.results.models import ScoreSet, ValidationScores, VideoScores
from webapp.runs.models import Run
from webapp.runs.services import mark_scored


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

"""Scores on their way in, from an upload or a shard of a scoring: one door for both.

They wait until those of every video are there. Then, in one transaction, they become the run's
score set, and a job evaluates it. Nothing is half stored, and what comes twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from ml.records import BadInput, Scores
from webapp.accounts.models import User
from webapp.common.errors import ConflictError, UserError
from webapp.datasets.models import Part, Video
from webapp.datasets.order import clips_in_order
from webapp.jobs.models import Job
from webapp.results.models import PendingScores, ValidationScores, VideoScores
from webapp.results.scores.evaluation_jobs import submit_evaluation
from webapp.results.scores.storing import save_scores
from webapp.results.scores.video_names import some
from webapp.runs.models import Run

MAX_RULES = 3
ROWS_AT_ONCE = 100  # of arrays that travel as text, twice as long


class Placed(NamedTuple):
    """Scores of one video, and by which rule they belong to its frames."""

    scores: Scores
    rule: str


@dataclass(frozen=True, kw_only=True)
class Progress:
    """How much of a run's scores is there. `missing` are names of videos that need some.

    `notes` are sentences about what was made of a file.
    """

    run: Run
    missing: list[str]
    notes: list[str] = field(default_factory=list)

    @property
    def is_complete(self) -> bool:
        return not self.missing


@transaction.atomic
def land(
    *,
    run: Run,
    given: Mapping[Video, Placed],
    by: User | None,
    job: Job | None = None,
    is_last: bool | None = None,
    shard: Collection[str] = (),
) -> Progress:
    """Take scores in. Those that complete the run make its score set; of two at once, one does.

    `is_last` is for those who know: what is missing then is a fault. `shard` are the ids of the
    videos that have to be among these. Raise UserError when scores do not fit, ConflictError
    when the run is complete with others.
    """
    run = Run.objects.select_for_update(of=("self",)).select_related("split", "team").get(pk=run.pk)
    if run.scored_at is not None:
        return _check_same(run, {video: each.scores for video, each in given.items()})
    _check_fit(given)
    _check_whole(given, shard)
    reached = progress(run, landing=given)
    if not (reached.is_complete if is_last is None else is_last):
        _keep(run, given)
        return reached
    return _complete(run, given, job, by)


def progress(run: Run, *, landing: Collection[Video] = ()) -> Progress:
    """Validation videos of an upload count as soon as one of them has scores."""
    if run.scored_at is not None:
        return Progress(run=run, missing=[])
    there = {*run.pending_scores.values_list("video_id", flat=True), *(v.pk for v in landing)}
    held_out = clips_in_order(run.split, Part.VALIDATION)
    if run.kind == Run.Kind.UPLOADED and all(video.pk not in there for video in held_out):
        held_out = []
    needed = [*clips_in_order(run.split, Part.TEST), *held_out]
    return Progress(run=run, missing=[video.name for video in needed if video.pk not in there])


def _check_fit(given: Mapping[Video, Placed]) -> None:
    for video, placed in given.items():
        try:
            placed.scores.check(video.n_frames)
        except BadInput as error:
            raise UserError(f"{video}: {error}") from error


def _check_whole(given: Mapping[Video, Placed], shard: Collection[str]) -> None:
    lacking = set(shard) - {video.pk for video in given}
    if lacking:
        names = sorted(Video.objects.filter(pk__in=lacking).values_list("name", flat=True))
        sentence = _("%(n)d of %(all)d videos of the shard have no scores: %(names)s")
        raise UserError(sentence % {"n": len(lacking), "all": len(shard), "names": some(names)})


def _keep(run: Run, given: Mapping[Video, Placed]) -> None:
    """The newer scores of a video replace those that wait."""
    rows = [PendingScores(run=run, video=v, **_row(placed)) for v, placed in given.items()]
    PendingScores.objects.bulk_create(
        rows, batch_size=ROWS_AT_ONCE, update_conflicts=True, unique_fields=["run", "video"],
        update_fields=["values", "is_double", "first_frame", "frames_per_value", "rule"],
    )  # fmt: skip


def _row(placed: Placed) -> dict[str, Any]:
    scores = placed.scores
    return {
        "values": scores.to_bytes(),
        "is_double": scores.is_double,
        "first_frame": scores.first_frame,
        "frames_per_value": scores.frames_per_value,
        "rule": placed.rule,
    }


def _complete(
    run: Run, given: Mapping[Video, Placed], job: Job | None, by: User | None
) -> Progress:
    """What waited and what comes now, stored in one go."""
    placed = {row.video_id: Placed(row.scores, row.rule) for row in run.pending_scores.all()}
    placed |= {video.pk: each for video, each in given.items()}
    held_out = {video.pk for video in clips_in_order(run.split, Part.VALIDATION)}
    validation = {pk: each.scores for pk, each in placed.items() if pk in held_out}
    is_needed = held_out and (validation or run.kind != Run.Kind.UPLOADED)
    save_scores(
        run=run,
        job=job,
        scores={pk: each.scores for pk, each in placed.items() if pk not in held_out},
        validation=validation if is_needed else None,
        rule=_rule({each.rule for each in placed.values()}),
    )
    run.pending_scores.all().delete()
    submit_evaluation(run, by=by)
    return Progress(run=Run.objects.for_list().get(pk=run.pk), missing=[])


def _rule(rules: set[str]) -> str:
    """For the page. A file may say something else of each video."""
    if len(rules) > MAX_RULES:
        return "The file says of each video which frames its scores belong to."
    return " ".join(sorted(rules))


def _check_same(run: Run, given: Mapping[Video, Scores]) -> Progress:
    wanted = {"score_set__run": run, "video__in": list(given)}
    stored = {row.video_id: row.scores for row in VideoScores.objects.filter(**wanted)}
    stored |= {row.video_id: row.scores for row in ValidationScores.objects.filter(**wanted)}
    for video, scores in given.items():
        if video.pk not in stored:
            sentence = _(
                "%(run)s is complete, and its thresholds are chosen. Scores of validation videos "
                "come before those of the last test video. Make a new run."
            )
            raise ConflictError(sentence % {"run": run}, code="scores_complete")
        if _identity(stored[video.pk]) != _identity(scores):
            sentence = _("%(run)s is complete, with other scores for %(video)s. Make a new run.")
            raise ConflictError(sentence % {"run": run, "video": video}, code="scores_complete")
    return Progress(run=run, missing=[])


def _identity(scores: Scores) -> tuple[bytes, int, int, bool]:
    places = scores.first_frame, scores.frames_per_value
    return scores.to_bytes(), *places, scores.is_double

"""The scale of a run's scores, from those of its normal validation videos."""

from __future__ import annotations

from dataclasses import replace

from ml.metrics.calibration import Calibration, calibrate
from ml.records import BadInput
from webapp.common.errors import UserError
from webapp.datasets.models import Video
from webapp.results.models import ScoreSet
from webapp.results.scores.reading import read_validation
from webapp.runs.training import checkpoint_to_score


def calibration_of(score_set: ScoreSet) -> Calibration:
    """As `python -m ml calibrate` makes it. `score_set.run` should come joined.

    Raise UserError where the run has no scores of normal validation videos.
    """
    stored = read_validation(score_set)
    normal = Video.objects.filter(pk__in=list(stored)).normal(score_set.run.annotation_set)
    lengths = sorted(normal.values_list("pk", "n_frames"))
    try:
        found = calibrate(stored[pk].to_frames(n_frames) for pk, n_frames in lengths)
    except BadInput as error:
        raise UserError(f"{error}.") from error
    return replace(found, weights_sha256=_weights(score_set))


def _weights(score_set: ScoreSet) -> str:
    """Of the checkpoint that gave the scores; empty for scores that were not made here."""
    return checkpoint_to_score(score_set.run).sha256 if score_set.run.is_scored_here else ""

"""From stored scores to the points of a curve: a window of frames, no more points than asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.records import Scores
from webapp.results.figures.downsample import min_max
from webapp.results.models import ScoreSet

MAX_POINTS = 2_000
FEWEST_POINTS = 10


@dataclass(frozen=True, kw_only=True)
class Curve:
    """A line to draw. `positions` are on the axis of frames: frame k reaches from k to k + 1."""

    run_id: str
    name: str
    positions: NDArray[np.float64]
    scores: NDArray[np.floating[Any]]
    is_stepped: bool  # each score holds until the next position
    lowest: float  # of all videos of the run, or of what is drawn while that is not known
    highest: float


def curve_of(
    score_set: ScoreSet,
    scores: Scores,
    *,
    first: int,
    last: int,
    n_frames: int,
    max_points: int = MAX_POINTS,
) -> Curve:
    """The scores of a video of `n_frames`, over the frames `first` up to but not `last`."""
    positions, values = points(
        scores, first=first, last=last, n_frames=n_frames, max_points=max_points
    )
    return Curve(
        run_id=score_set.run_id,
        name=score_set.run.name,
        positions=positions,
        scores=values,
        is_stepped=scores.frames_per_value > 1,
        **_range(score_set, values),
    )


def _range(score_set: ScoreSet, drawn: NDArray[np.floating[Any]]) -> dict[str, float]:
    """That of a virtual run is not known before it is evaluated."""
    if score_set.lowest is not None and score_set.highest is not None:
        return {"lowest": score_set.lowest, "highest": score_set.highest}
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return {"lowest": 0.0, "highest": 0.0}
    return {"lowest": float(known.min()), "highest": float(known.max())}


def points(
    scores: Scores, *, first: int, last: int, n_frames: int, max_points: int
) -> tuple[NDArray[np.float64], NDArray[np.floating[Any]]]:
    """Positions and scores of one more value on either side, so that lines reach the edges.

    A score of one frame sits in its middle. One of several frames holds from its first frame
    on; the last is repeated where it ends.
    """
    width = scores.frames_per_value
    start = max(0, (first - scores.first_frame) // width - 1)
    end = max(start, -(-(last - scores.first_frame) // width) + 1)
    values = scores.values[start:end]
    kept = min_max(values, max_points - 1)
    positions = scores.first_frame + (start + kept).astype(np.float64) * width
    if width == 1 or not len(kept):
        return positions + 0.5, values[kept]
    stop = min(n_frames, scores.first_frame + (start + len(values)) * width)
    return np.append(positions, stop), values[np.append(kept, kept[-1])]

"""What brings the scores of one model to a scale on which 1 is the most that is normal.

METHODS of prediction and reconstruction normalise by the highest score of the test set. While
a camera runs there is no test set: the scale comes from normal validation videos instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ml.records import BadInput

FORMAT = 1
QUANTILE = 0.99
By = Literal["highest", "quantile"]
RULE = (
    "(score - offset) / (top - offset); top is the highest score of the normal validation frames, "
    f"or their {QUANTILE} quantile; offset is 0, or their lowest score where that is below 0"
)


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """From the scores of normal frames; `weights_sha256` says of which weights."""

    offset: float
    highest: float
    quantile: float
    n_videos: int
    n_frames: int
    weights_sha256: str = ""

    def apply(self, score: float, by: By = "highest") -> float:
        """0 … 1 for frames like those of the validation videos, higher for others."""
        top = self.highest if by == "highest" else self.quantile
        return (score - self.offset) / (top - self.offset)

    def to_json(self) -> dict[str, Any]:
        return {"format": FORMAT, "rule": RULE} | asdict(self)

    @classmethod
    def from_json(cls, value: Any) -> Calibration:
        """Raise BadInput when it is none of ours."""
        try:
            given = dict(value)
            version = given.pop("format")
            given.pop("rule", None)
            found = cls(**given)
            ordered = float(found.offset) < float(found.quantile) <= float(found.highest)
        except (TypeError, ValueError, KeyError) as error:
            raise BadInput(f"This is not a calibration: {error}") from error
        if version != FORMAT or not ordered:
            raise BadInput("This is not a calibration, or one of another version")
        return found


def calibrate(scores: Iterable[NDArray[Any]], *, weights_sha256: str = "") -> Calibration:
    """`scores` are arrays, one per normal video; what is NaN there has no score.

    Raise BadInput where they do not span a scale.
    """
    videos = [np.asarray(each, np.float64) for each in scores]
    values = np.concatenate([np.empty(0), *(each[np.isfinite(each)] for each in videos)])
    if not len(values):
        raise BadInput("No normal validation frame has a score: there is nothing to calibrate on")
    offset = min(0.0, float(values.min()))
    quantile = float(np.quantile(values, QUANTILE))
    if quantile <= offset:
        raise BadInput(f"Nearly all normal validation scores are {offset:g}: that is no scale")
    return Calibration(
        offset=offset,
        highest=float(values.max()),
        quantile=quantile,
        n_videos=len(videos),
        n_frames=len(values),
        weights_sha256=weights_sha256,
    )

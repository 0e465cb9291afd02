"""What scores show beside the numbers of protocols: their range, conventions, thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ml.evaluation.events import EXPLORED, raw_timeline, sweep_of
from ml.evaluation.frames import ScoredVideo
from ml.evaluation.sensitivity import sensitivity_grid


@dataclass(frozen=True, kw_only=True)
class Overview:
    """JSON values. `lowest` and `highest` are of all videos, None where no frame has a score.

    `grid` are the fields of `Variant`s, `sweep` is what `sweep_of` tells under `EXPLORED`.
    """

    lowest: float | None
    highest: float | None
    grid: list[dict[str, Any]]
    sweep: dict[str, list[float | None]]

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def overview_of(videos: Sequence[ScoredVideo]) -> Overview:
    known = [each.scores[~np.isnan(each.scores)] for each in videos]
    filled = [each for each in known if len(each)]
    return Overview(
        lowest=min((float(each.min()) for each in filled), default=None),
        highest=max((float(each.max()) for each in filled), default=None),
        grid=[asdict(variant) for variant in sensitivity_grid(videos)],
        sweep=sweep_of(raw_timeline(videos), EXPLORED),
    )

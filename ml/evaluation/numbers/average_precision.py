"""Average precision of all frames together."""

from __future__ import annotations

from ml.evaluation.numbers._base import CurveNumber, register
from ml.metrics import Floats, Ranking, curves


@register
class AveragePrecision(CurveNumber):
    title = "Average precision"
    description = "Sum of precision times step in recall, all frames pooled."
    place = 1

    @staticmethod
    def of_curves(true: Floats, false: Floats) -> Floats:
        return curves.average_precision(true, false)

    @classmethod
    def of_ranking(cls, ranking: Ranking) -> float:
        return ranking.average_precision()

"""The error rate where both kinds of errors are equally frequent."""

from __future__ import annotations

from ml.evaluation.numbers._base import CurveNumber, register
from ml.metrics import Floats, Ranking, curves


@register
class EqualErrorRate(CurveNumber):
    title = "Equal error rate"
    description = "Where as many normal frames alarm as abnormal ones are missed."
    higher_is_better = False
    place = 3

    @staticmethod
    def of_curves(true: Floats, false: Floats) -> Floats:
        return curves.equal_error_rate(true, false)

    @classmethod
    def of_ranking(cls, ranking: Ranking) -> float:
        return ranking.equal_error_rate()

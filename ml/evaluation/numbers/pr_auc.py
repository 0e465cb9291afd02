"""The area under the precision-recall curve whose points are joined by straight lines."""

from __future__ import annotations

from ml.evaluation.numbers._base import CurveNumber, register
from ml.metrics import Floats, Ranking, curves


@register
class PrAuc(CurveNumber):
    title = "PR-AUC (trapezoid)"
    description = (
        "Area under straight lines between the points of the precision-recall curve, "
        "which is a little more than average precision; XD-Violence code prints it as AP."
    )
    place = 2

    @staticmethod
    def of_curves(true: Floats, false: Floats) -> Floats:
        return curves.pr_auc(true, false)

    @classmethod
    def of_ranking(cls, ranking: Ranking) -> float:
        return ranking.pr_auc()

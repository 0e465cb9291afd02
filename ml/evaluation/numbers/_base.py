"""What every number of a curve is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from ml.catalogue import Catalogue
from ml.metrics import Floats, Ranking, curves


class CurveNumber(ABC):
    """`title` and the rest as in `ml.evaluation.Metric`; those of a lower `place` come first."""

    title: ClassVar[str]
    description: ClassVar[str]
    higher_is_better: ClassVar[bool] = True
    is_share: ClassVar[bool] = True
    place: ClassVar[int] = 100

    @staticmethod
    @abstractmethod
    def of_curves(true: Floats, false: Floats) -> Floats:
        """(R,) from R rankings at once, which also give the interval: see `ml.metrics.curves`.

        Both classes have weight in every row that it is asked about.
        """

    @classmethod
    def of_ranking(cls, ranking: Ranking) -> float:
        """NaN where a class is missing."""
        return curves.of_ranking(cls.of_curves, ranking)


NUMBERS: Catalogue[CurveNumber] = Catalogue("ml.evaluation.numbers", "metric")
register = NUMBERS.register

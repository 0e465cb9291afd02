"""Numbers of one curve, of all frames that count. A new one is one file: a class with @register.

It is then part of every evaluation, with an interval, and whatever goes through `METRICS` shows
it: comparisons, folds, sweeps, leaderboards, the form of protocols, REST. Numbers of videos and
of events share their work with others: see `ml.evaluation.outcome` and `ml.evaluation.events`.
"""

from ml.evaluation.numbers._base import NUMBERS, CurveNumber, register

__all__ = ["NUMBERS", "CurveNumber", "in_order", "register"]


def in_order() -> dict[str, type[CurveNumber]]:
    """By name, as pages show them."""
    return dict(sorted(NUMBERS.load().items(), key=lambda item: (item[1].place, item[0])))

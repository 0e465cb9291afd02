"""Boosted decision stumps: a small classifier without chance in it, for tables of a few columns.

Each round adds the best cut of one column under the logistic loss (Friedman, Greedy function
approximation, 2001; gain and leaves by second order as in Chen and Guestrin, XGBoost, 2016).
N rows, D columns.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ml.metrics import Floats

ROUNDS = 50
RATE = 0.3
RIDGE = 1.0  # what is added to the curvature of each leaf, so that small ones say little


@dataclass(frozen=True, kw_only=True)
class Stump:
    """`below` is added to the logit where a column is at most `cut`, `above` elsewhere."""

    column: int
    cut: float
    below: float
    above: float
    gain: float

    def of(self, rows: Floats) -> Floats:
        return np.where(rows[:, self.column] <= self.cut, self.below, self.above)


def learn_stumps(rows: Floats, is_true: Floats) -> list[Stump]:
    """From rows (N, D) and their classes (N,), 0 or 1, both of which are there.

    Of equal cuts the first column's lowest counts, so the order of the rows decides nothing. It
    stops early where no column has two values.
    """
    logits = np.zeros(len(rows))
    found: list[Stump] = []
    for _round in range(ROUNDS):
        shares = 1 / (1 + np.exp(-logits))
        stump = _best(rows, is_true - shares, shares * (1 - shares))
        if stump is None:
            break
        found.append(stump)
        logits += stump.of(rows)
    return found


def logits_of(stumps: list[Stump], rows: Floats) -> Floats:
    """(N,): the higher, the likelier the class 1. All are 0 without stumps."""
    return np.sum([stump.of(rows) for stump in stumps], axis=0) if stumps else np.zeros(len(rows))


def _best(rows: Floats, slopes: Floats, curvatures: Floats) -> Stump | None:
    cuts = [_best_of_column(rows, column, slopes, curvatures) for column in range(rows.shape[1])]
    return max(filter(None, cuts), key=lambda stump: stump.gain, default=None)


def _best_of_column(rows: Floats, column: int, slopes: Floats, curvatures: Floats) -> Stump | None:
    values, places = np.unique(rows[:, column], return_inverse=True)
    if len(values) < 2:
        return None
    # Rounded, so that the order in which rows are added up cannot tell two equal cuts apart.
    slope, curvature = (
        np.round(np.cumsum(np.bincount(places, each)), 12) for each in (slopes, curvatures)
    )
    below, above = slope[:-1], slope[-1] - slope[:-1]
    wide, rest = curvature[:-1] + RIDGE, curvature[-1] - curvature[:-1] + RIDGE
    gains = np.round(below**2 / wide + above**2 / rest, 12)
    best = int(gains.argmax())
    return Stump(
        column=column,
        cut=float((values[best] + values[best + 1]) / 2),
        below=float(RATE * below[best] / wide[best]),
        above=float(RATE * above[best] / rest[best]),
        gain=float(gains[best]),
    )

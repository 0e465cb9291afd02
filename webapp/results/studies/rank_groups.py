"""Which runs are not clearly different: groups by paired intervals, from stored replicates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml import metrics
from webapp.results.models import Evaluation


def replicates_of(evaluation: Evaluation | None) -> dict[str, NDArray[np.float64]]:
    """(R,) arrays by the name of the number, of those that have an interval."""
    if evaluation is None or not evaluation.replicates:
        return {}
    names: list[str] = evaluation.replicates["names"]
    values = np.frombuffer(evaluation.replicate_values, "<f8").reshape(-1, len(names))
    drawn = zip(names, values.T, strict=True)
    return {name: each for name, each in drawn if not np.isnan(each).all()}


def draws_of(evaluation: Evaluation | None) -> Any:
    """Of two evaluations with equal ones, each replicate drew the same videos."""
    return evaluation.replicates.get("draws") if evaluation else None


def rank_groups(ordered: Sequence[Evaluation], name: str) -> list[int]:
    """Group 1 holds the best and all that are not clearly worse, group 2 likewise of the rest.

    Clearly: the paired interval of their difference leaves out 0. What cannot be paired is
    not clearly worse. A wide interval can put a run into a better group than one above it.
    """
    groups = [0] * len(ordered)
    for number in range(1, len(ordered) + 1):
        left = [i for i, group in enumerate(groups) if not group]
        for i in left:
            if i == left[0] or not is_clear(ordered[left[0]], ordered[i], name):
                groups[i] = number
    return groups


def is_clear(first: Evaluation, second: Evaluation, name: str) -> bool:
    own, other = replicates_of(first).get(name), replicates_of(second).get(name)
    if own is None or other is None or draws_of(first) != draws_of(second):
        return False
    low, high = metrics.compare(first.metrics[name], second.metrics[name], own, other).interval
    return low > 0 or high < 0

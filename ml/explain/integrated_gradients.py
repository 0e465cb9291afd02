"""By how much each segment of a bag raises a score: integrated gradients.

Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017, equation 1: number d
of segment t gets its distance from the baseline times the mean of the score's derivative by it on
the straight way from the baseline to the bag. The mean over the way is a Gauss-Legendre sum, which
is exact for polynomials of a degree below twice its steps, where the paper takes a plain one.

K crops, T segments of a bag, D numbers of a feature, B bags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Score = Callable[[Tensor], Tensor]  # bags (B, T, D) to scores of their segments (B, T)
STEPS = (
    16,
    32,
    64,
    128,
    256,
)  # the next where the sum misses the difference of the scores by too much
RELATIVE, ABSOLUTE = 0.01, 0.001  # what it may miss: a share of the difference, and in any case
ROWS_AT_ONCE = 4096  # segments of all bags that go through the network together


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Of the score of `segment`: `values` (T,) say what each segment of its bag adds to it.

    They are sums over the numbers of a feature and means over crops, and add up to `score` less
    `baseline_score`, but for the `gap`.
    """

    segment: int
    values: NDArray[np.float64]
    score: float
    baseline_score: float
    n_steps: int

    @property
    def gap(self) -> float:
        return float(self.values.sum()) - (self.score - self.baseline_score)

    @property
    def is_complete(self) -> bool:
        difference = abs(self.score - self.baseline_score)
        return abs(self.gap) <= max(ABSOLUTE, RELATIVE * difference)


def integrated_gradients(
    score: Score, bag_KTD: Tensor, baseline_KD: Tensor, segments: Sequence[int]
) -> list[Attribution]:
    """One for each of `segments` of the bag, whose score is the mean over its crops.

    `baseline_KD` stands in the place of every segment where the way begins. Steps grow up to the
    most there are while a sum misses: a network that jumps on its way is never made up for.
    """
    baseline_KTD = baseline_KD[:, None].expand_as(bag_KTD)
    with torch.no_grad():
        ends = [_mean_score(score, each) for each in (bag_KTD, baseline_KTD)]
    found: dict[int, Attribution] = {}
    for n_steps in STEPS:
        missed = [each for each in segments if each not in found or not found[each].is_complete]
        if not missed:
            break
        values_NT = _summed(score, bag_KTD, baseline_KTD, missed, n_steps)
        for number, values in zip(missed, values_NT, strict=True):
            of_bag, of_baseline = (float(each[number]) for each in ends)
            found[number] = Attribution(
                segment=number, values=values, score=of_bag, baseline_score=of_baseline,
                n_steps=n_steps,
            )  # fmt: skip
    return [found[number] for number in segments]


def _mean_score(score: Score, bag_KTD: Tensor) -> Tensor:
    """(T,), crop by crop: a long bag takes much memory as it is."""
    return torch.stack([score(crop[None])[0].double() for crop in bag_KTD]).mean(0)


def _summed(
    score: Score, bag: Tensor, baseline: Tensor, segments: Sequence[int], n_steps: int
) -> NDArray[np.float64]:
    """(N, T) of N segments."""
    n_crops, n_segments, _dimension = bag.shape
    total = np.zeros((len(segments), n_segments))
    for crops, places, weights in _samples(n_crops, n_segments, n_steps):
        distance = bag[crops] - baseline[crops]
        along = places.to(bag)[:, None, None]
        bags = (baseline[crops] + along * distance).requires_grad_()
        with torch.enable_grad():
            scores = score(bags)
        for number, segment in enumerate(segments):
            # Bags do not know each other, so the gradient of their sum is that of each.
            [gradient] = torch.autograd.grad(
                scores[:, segment].sum(), bags, retain_graph=number + 1 < len(segments)
            )
            by_segment = (gradient * distance).sum(2).double().cpu().numpy()
            total[number] += weights @ by_segment / n_crops
    return total


def _samples(
    n_crops: int, n_segments: int, n_steps: int
) -> Iterator[tuple[Tensor, Tensor, NDArray[np.float64]]]:
    """Crops, places on the way in [0, 1] and their weights: as many as go through together."""
    nodes, weights = np.polynomial.legendre.leggauss(n_steps)
    crops = np.repeat(np.arange(n_crops), n_steps)
    places, shares = np.tile((nodes + 1) / 2, n_crops), np.tile(weights / 2, n_crops)
    at_once = max(1, ROWS_AT_ONCE // n_segments)
    for first in range(0, len(crops), at_once):
        part = slice(first, first + at_once)
        yield torch.from_numpy(crops[part]), torch.from_numpy(places[part]), shares[part]

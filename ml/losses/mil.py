"""Losses of multiple-instance learning: labels of bags, scores of their segments.

B bags, T segments; scores in [0, 1].
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor


def pairwise_hinge(normal_BT: Tensor, abnormal_BT: Tensor) -> Tensor:
    """Of bag i of each kind: max(0, 1 − highest abnormal + highest normal). (B,)"""
    return (1 - abnormal_BT.amax(1) + normal_BT.amax(1)).clamp(min=0)


def all_pairs_hinge(normal_BT: Tensor, abnormal_BT: Tensor) -> Tensor:
    """Every abnormal bag against every normal one, the mean over normal ones. (abnormal bags,)"""
    gaps = 1 - abnormal_BT.amax(1)[:, None] + normal_BT.amax(1)[None]
    return gaps.clamp(min=0).mean(1)


def roughness(scores_BT: Tensor) -> Tensor:
    """How much scores jump from segment to segment: Σ (s_t − s_t+1)². (B,)"""
    return scores_BT.diff(dim=1).square().sum(1)


def bag_lengths(bags_BTD: Tensor) -> Tensor:
    """(B,): of bags padded with zeros, how many rows are none; 1 for one of zeros alone."""
    return (bags_BTD != 0).any(dim=2).sum(1).clamp(min=1)


def mean_of_highest(values_BT: Tensor, lengths_B: Tensor, n_top_B: Tensor) -> Tensor:
    """(B,): of the first `lengths_B` values of a bag, the mean of as many of the highest."""
    places = torch.arange(values_BT.shape[1], device=values_BT.device)[None]
    filled = values_BT.masked_fill(places >= lengths_B[:, None], -torch.inf)
    highest = filled.sort(dim=1, descending=True).values
    n_taken = torch.minimum(n_top_B, lengths_B)
    return highest.masked_fill(places >= n_taken[:, None], 0.0).sum(1) / n_taken


def frobenius(weights: Iterable[Tensor]) -> Tensor:
    """Of all weights as if they were one matrix, not squared."""
    return torch.stack([each.square().sum() for each in weights]).sum().sqrt()

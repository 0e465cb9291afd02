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


def frobenius(weights: Iterable[Tensor]) -> Tensor:
    """Of all weights as if they were one matrix, not squared."""
    return torch.stack([each.square().sum() for each in weights]).sum().sqrt()

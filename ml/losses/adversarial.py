"""Losses of generator and discriminator: cross entropy on logits (Goodfellow et al., 2014)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def real(logits: Tensor) -> Tensor:
    """Mean loss of calling these real; 0 when all logits are large."""
    return F.softplus(-logits.float()).mean()


def fake(logits: Tensor) -> Tensor:
    """Mean loss of calling these fake; 0 when all logits are very negative."""
    return F.softplus(logits.float()).mean()


def accuracy(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """Share of right decisions of a discriminator, over both kinds alike."""
    right = (real_logits > 0).float().mean() + (fake_logits < 0).float().mean()
    return right / 2


def masked(logits: Tensor, is_real: Tensor) -> Tensor:
    """Cross entropy of per-pixel decisions against a mask of 0 (fake) and 1 (real)."""
    return F.binary_cross_entropy_with_logits(logits, is_real.expand_as(logits).to(logits.dtype))


def feature_matching(real_features: Tensor, fake_features: Tensor) -> Tensor:
    """L1 distance of features, those of real samples fixed (Salimans et al., 2016, section 3.1)."""
    return F.l1_loss(fake_features, real_features.detach())


def gradient_difference(predicted: Tensor, truth: Tensor) -> Tensor:
    """Mean L1 distance of the absolute differences of neighbouring pixels (B, C, H, W).

    Mathieu et al., Deep multi-scale video prediction, ICLR 2016, equation 6 with alpha = 1.
    """
    along = [torch.diff(truth, dim=axis).abs() for axis in (2, 3)]
    found = [torch.diff(predicted, dim=axis).abs() for axis in (2, 3)]
    return F.l1_loss(found[0], along[0]) + F.l1_loss(found[1], along[1])

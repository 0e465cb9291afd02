"""Batch norms whose batch is that of all ranks together, as if one process had it.

torch has such (`SyncBatchNorm`), for GPUs alone. C channels.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from ml.training.ranks import Ranks

BatchNorm = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d


def share_norms(modules: Iterable[nn.Module], ranks: Ranks) -> None:
    """From now on those within `modules` learn by the batches of all ranks."""
    for module in modules:
        for norm in module.modules():
            if isinstance(norm, BatchNorm):
                norm.forward = partial(_forward, norm, ranks)  # type: ignore[method-assign]


def _forward(norm: BatchNorm, ranks: Ranks, inputs: Tensor) -> Tensor:
    if not norm.training:
        return type(norm).forward(norm, inputs)
    weight = norm.weight if norm.affine else inputs.new_ones(norm.num_features)
    bias = norm.bias if norm.affine else inputs.new_zeros(norm.num_features)
    outputs, mean, variance, n = _Shared.apply(inputs, weight, bias, norm.eps, ranks)
    with torch.no_grad():
        _follow(norm, mean, variance * n / (n - 1).clamp(min=1))
    return outputs


def _follow(norm: BatchNorm, mean: Tensor, variance: Tensor) -> None:
    """The running statistics, as torch moves them."""
    if norm.running_mean is None or norm.running_var is None:
        return
    assert norm.num_batches_tracked is not None
    norm.num_batches_tracked += 1
    part = norm.momentum if norm.momentum is not None else 1 / int(norm.num_batches_tracked)
    norm.running_mean.lerp_(mean, part)
    norm.running_var.lerp_(variance, part)


class _Shared(torch.autograd.Function):
    """Normalised inputs (B, C, …), and of all ranks' inputs: mean and variance (C,), and how many
    numbers of a channel there are.

    A rank that has no sample of its own in this step is shown one, which does not count.
    """

    @staticmethod
    def forward(
        ctx: Any, inputs: Tensor, weight: Tensor, bias: Tensor, eps: float, ranks: Ranks
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        axes = [0, *range(2, inputs.ndim)]
        values = inputs.detach().to(weight.dtype)
        counts = float(ranks.share > 0)
        n_own = values.new_tensor([counts * values.numel() / values.shape[1]])
        sums = ranks.add_up(torch.cat([counts * values.sum(axes), n_own]))
        n, mean = sums[-1], sums[:-1] / sums[-1]
        squares = (values - _along(mean, values)).square().sum(axes)
        variance = ranks.add_up(counts * squares) / n
        ctx.save_for_backward(inputs, weight, mean, (variance + eps).rsqrt(), n)
        ctx.ranks, ctx.axes = ranks, axes
        outputs = F.batch_norm(inputs, mean, variance, weight, bias, False, 0.0, eps)
        ctx.mark_non_differentiable(mean, variance, n)
        return outputs, mean, variance, n

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *_of_statistics: Tensor) -> Any:
        inputs, weight, mean, scale, n = ctx.saved_tensors
        of_outputs = gradient.to(weight.dtype)
        normalised = (inputs.to(weight.dtype) - _along(mean, inputs)) * _along(scale, inputs)
        of_bias = of_outputs.sum(ctx.axes)
        of_weight = (of_outputs * normalised).sum(ctx.axes)
        all_of_bias, all_of_weight = ctx.ranks.add_up(torch.stack([of_bias, of_weight])) / n
        rest = of_outputs - _along(all_of_bias, inputs) - normalised * _along(all_of_weight, inputs)
        of_inputs = rest * _along(scale * weight, inputs)
        return of_inputs.to(inputs.dtype), of_weight, of_bias, None, None


def _along(channels: Tensor, like: Tensor) -> Tensor:
    """(C,) as (1, C, 1, …)."""
    return channels.view(1, -1, *[1] * (like.ndim - 2))

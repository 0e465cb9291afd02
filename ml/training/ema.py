"""A slow copy of a network: its weights are the running mean of those of the trained one."""

from __future__ import annotations

import copy

import torch
from torch import nn


def slow_copy(module: nn.Module) -> nn.Module:
    """A copy that is never trained itself."""
    copied = copy.deepcopy(module)
    copied.requires_grad_(False)
    return copied.eval()


@torch.no_grad()
def follow(slow: nn.Module, fast: nn.Module, *, decay: float, step: int) -> None:
    """Move `slow` towards `fast`. Early on it follows faster: a mean over few steps is short."""
    kept = min(decay, (1 + step) / (10 + step))
    for mine, theirs in zip(slow.parameters(), fast.parameters(), strict=True):
        mine.lerp_(theirs, 1 - kept)
    for kept_buffer, buffer in zip(slow.buffers(), fast.buffers(), strict=True):
        kept_buffer.copy_(buffer)

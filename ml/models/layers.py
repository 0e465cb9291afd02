"""Layers that several networks share."""

from __future__ import annotations

from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


def normalised(layer: nn.Module, *, spectral: bool) -> nn.Module:
    """The layer with its weights divided by their largest singular value, where that is wanted.

    Miyato et al., Spectral Normalization for GANs, ICLR 2018.
    """
    return spectral_norm(layer) if spectral else layer


def lay_out(module: nn.Module) -> None:
    """Let weights lie as convolutions read them fastest; their values stay the same."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            part.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        elif isinstance(part, nn.Conv3d | nn.ConvTranspose3d):
            part.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]


class SelfAttention(nn.Module):
    """Every place of a map looks at every other (Zhang et al., SAGAN, ICML 2019).

    In and out (B, C, H, W). Keys, queries and values have C / 8, C / 8 and C / 2 channels; keys
    and values are pooled to half the height and width. The weight of what is added starts at 0.
    """

    def __init__(self, channels: int, *, spectral: bool = False) -> None:
        super().__init__()
        narrow, half = max(1, channels // 8), max(1, channels // 2)
        self.query = normalised(nn.Conv2d(channels, narrow, 1, bias=False), spectral=spectral)
        self.key = normalised(nn.Conv2d(channels, narrow, 1, bias=False), spectral=spectral)
        self.value = normalised(nn.Conv2d(channels, half, 1, bias=False), spectral=spectral)
        self.out = normalised(nn.Conv2d(half, channels, 1, bias=False), spectral=spectral)
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x_BCHW: Tensor) -> Tensor:
        query = _as_heads(self.query(x_BCHW))
        key = _as_heads(F.max_pool2d(self.key(x_BCHW), 2))
        value = _as_heads(F.max_pool2d(self.value(x_BCHW), 2))
        # As wide as values, by zeros: only so does PyTorch compute it without all the weights
        # in memory at once.
        wider = (0, value.shape[-1] - query.shape[-1])
        query, key = F.pad(query, wider), F.pad(key, wider)
        found = F.scaled_dot_product_attention(query, key, value, scale=1.0)
        height, width = x_BCHW.shape[-2:]
        seen = found.squeeze(1).transpose(1, 2).unflatten(2, (height, width))
        return x_BCHW + self.weight * cast(Tensor, self.out(seen))


def _as_heads(x_BCHW: Tensor) -> Tensor:
    """(B, 1, H W, C)."""
    return x_BCHW.flatten(2).transpose(1, 2).unsqueeze(1)


class ConvLSTMCell(nn.Module):
    """One step of an LSTM whose states are maps (Shi et al., NeurIPS 2015), without peepholes.

    `features` (B, C, H, W), states (B, D, H, W) each.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.from_input = nn.Conv2d(channels, 4 * hidden, 3, padding=1)
        self.from_state = nn.Conv2d(hidden, 4 * hidden, 3, padding=1, bias=False)
        with torch.no_grad():  # remember at first: gates of forgetting open
            assert self.from_input.bias is not None
            self.from_input.bias[hidden : 2 * hidden] += 1

    def first(self, gates_of_input: Tensor) -> tuple[Tensor, Tensor]:
        """The states after the first step: those before it are zero, and nothing is forgotten."""
        write, _forget, new, show = gates_of_input.chunk(4, dim=1)
        cell = torch.sigmoid(write) * torch.tanh(new)
        return torch.sigmoid(show) * torch.tanh(cell), cell

    def forward(
        self, gates_of_input: Tensor, state: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """The next hidden and cell state from `from_input(features)` and the last states."""
        hidden, cell = state
        gates = gates_of_input + self.from_state(hidden)
        write, forget, new, show = gates.chunk(4, dim=1)
        cell = torch.sigmoid(forget) * cell + torch.sigmoid(write) * torch.tanh(new)
        return torch.sigmoid(show) * torch.tanh(cell), cell

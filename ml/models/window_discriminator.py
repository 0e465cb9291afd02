"""A plain discriminator over the frames of a window, stacked as channels."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from ml.models.layers import SelfAttention, normalised


class Verdict(NamedTuple):
    """`image` (B,) logits, positive for real; `features` of the last convolution."""

    image: Tensor
    features: Tensor


class WindowDiscriminator(nn.Module):
    """(B, T, H, W) in [-1, 1], height and width multiples of 16: four convolutions of stride 2."""

    def __init__(self, length: int, *, width: int, attention: bool, spectral: bool) -> None:
        super().__init__()
        sizes = [length, width, 2 * width, 4 * width, 4 * width]
        self.down = nn.ModuleList(
            normalised(nn.Conv2d(before, after, 4, stride=2, padding=1), spectral=spectral)
            for before, after in pairwise(sizes)
        )
        self.attention = SelfAttention(2 * width, spectral=spectral) if attention else None
        self.head = normalised(nn.Linear(4 * width, 1), spectral=spectral)

    def forward(self, windows: Tensor) -> Verdict:
        x = windows
        for number, layer in enumerate(self.down):
            x = F.leaky_relu(layer(x), 0.2)
            if number == 1 and self.attention is not None:
                x = self.attention(x)
        return Verdict(self.head(x.mean(dim=(2, 3))).squeeze(1), x)

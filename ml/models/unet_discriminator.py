"""A discriminator that says real or fake of the image and of every pixel of it.

Schönfeld et al., A U-Net Based Discriminator for GANs, CVPR 2020; here with four levels.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.models.layers import SelfAttention, normalised
from ml.models.upsampling import Place, folded, grow


class Judgement(NamedTuple):
    """Logits, positive for real. `second` are the features of the second convolution."""

    image: Tensor  # (B,)
    pixels: Tensor  # (B, 1, H, W)
    second: Tensor  # (B, 2 w, H / 4, W / 4)


class UNetDiscriminator(nn.Module):
    """(B, C, H, W) in [-1, 1], height and width multiples of 16."""

    def __init__(self, channels: int, *, width: int, attention: bool, spectral: bool) -> None:
        super().__init__()
        self.folded: list[tuple[dict[Place, Tensor], Tensor]] | None = None
        down = [channels, width, 2 * width, 4 * width, 4 * width]
        self.down = nn.ModuleList(
            normalised(nn.Conv2d(before, after, 4, stride=2, padding=1), spectral=spectral)
            for before, after in pairwise(down)
        )
        up = [
            (4 * width, 4 * width),
            (8 * width, 2 * width),
            (4 * width, width),
            (2 * width, width),
        ]
        self.up = nn.ModuleList(
            normalised(nn.Conv2d(before, after, 3, padding=1), spectral=spectral)
            for before, after in up
        )
        self.attention = SelfAttention(2 * width, spectral=spectral) if attention else None
        self.image_head = normalised(nn.Linear(4 * width, 1), spectral=spectral)
        self.pixel_head = normalised(nn.Conv2d(width, 1, 1), spectral=spectral)

    def forward(self, images: Tensor) -> Judgement:
        features = self._features(images)
        x = features[-1]
        image = self.image_head(x.sum(dim=(2, 3))).squeeze(1)
        for number in range(len(self.up)):
            x = F.leaky_relu(self._grown(number, x), 0.2)
            if number < len(self.up) - 1:
                x = torch.cat([x, features[-2 - number]], dim=1)
        return Judgement(image, self.pixel_head(x), features[1])

    def fold(self) -> None:
        """Until it is trained again: kernels that grow a map without doubling it first."""
        with torch.no_grad():
            self.folded = [
                (folded(cast(Tensor, layer.weight)), cast(Tensor, layer.bias)) for layer in self.up
            ]

    def train(self, mode: bool = True) -> UNetDiscriminator:
        self.folded = None
        return super().train(mode)

    def _grown(self, number: int, x: Tensor) -> Tensor:
        if self.folded is not None:
            return grow(x, *self.folded[number])
        return cast(Tensor, self.up[number](F.interpolate(x, scale_factor=2.0)))

    def second_features(self, images: Tensor) -> Tensor:
        """The features of the second convolution alone, without the rest of the network."""
        first = F.leaky_relu(self.down[0](images), 0.2)
        return F.leaky_relu(self.down[1](first), 0.2)

    def _features(self, images: Tensor) -> list[Tensor]:
        features, x = [], images
        for number, layer in enumerate(self.down):
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
            if number == 1 and self.attention is not None:
                x = self.attention(x)
        return features

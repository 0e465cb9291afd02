"""The generator and the patch discriminator of future frame prediction (Liu et al., CVPR 2018)."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def double_convolution(before: int, after: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (before, after):
        layers += [nn.Conv2d(channels, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
    return nn.Sequential(*layers)


class PredictionUNet(nn.Module):
    """(B, T, H, W) to the next frame (B, 1, H, W), both in [-1, 1]; sizes multiples of 8."""

    def __init__(self, length: int, *, width: int) -> None:
        super().__init__()
        self.first = double_convolution(length, width)
        self.down = nn.ModuleList(
            double_convolution(width * scale, 2 * width * scale) for scale in (1, 2, 4)
        )
        self.grow = nn.ModuleList(
            nn.ConvTranspose2d(2 * width * scale, width * scale, 2, stride=2) for scale in (4, 2, 1)
        )
        self.up = nn.ModuleList(
            double_convolution(2 * width * scale, width * scale) for scale in (4, 2, 1)
        )
        self.out = nn.Conv2d(width, 1, 3, padding=1)

    def forward(self, windows_BTHW: Tensor) -> Tensor:
        features = [self.first(windows_BTHW)]
        for layer in self.down:
            features.append(layer(F.max_pool2d(features[-1], 2)))
        x = features.pop()
        for grow, layer in zip(self.grow, self.up, strict=True):
            x = layer(torch.cat([features.pop(), grow(x)], dim=1))
        return torch.tanh(self.out(x))


class PatchDiscriminator(nn.Module):
    """(B, 1, H, W) to a decision per patch, near 1 for real and near 0 for generated ones."""

    def __init__(self, *, width: int) -> None:
        super().__init__()
        sizes = [1, width, 2 * width, 4 * width]
        layers: list[nn.Module] = []
        for before, after in pairwise(sizes):
            layers += [nn.Conv2d(before, after, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        layers += [nn.Conv2d(4 * width, 4 * width, 4, padding=1), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Conv2d(4 * width, 1, 4, padding=1), nn.Sigmoid())

    def forward(self, images: Tensor) -> Tensor:
        return self.layers(images)

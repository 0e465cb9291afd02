"""Inception-I3D without its classifier: Inception inflated to clips, 1024 numbers.

After Carreira and Zisserman, Quo Vadis, Action Recognition?, CVPR 2017, as
github.com/piergiaj/pytorch-i3d (Apache-2.0) ports it; names of weights are those of that port.
B clips in a batch, C channels, T frames, H W height and width.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ml.models.backbones.residual import Sides

DIMENSION = 1024
FEWEST_FRAMES = 9  # the last layer is seen through windows of two, each of eight frames
WINDOW = (2, 7, 7)  # over which the last layer is averaged, as far as it reaches
# Kernel and stride of a pool, or a module's name and the widths of its four branches: of 1 × 1,
# of 1 × 1 and 3 × 3 twice, and of 1 × 1 after a pool.
Widths = tuple[int, int, int, int, int, int]
Pool = tuple[Sides, Sides]
MODULES: tuple[tuple[str, Widths] | Pool, ...] = (
    ((1, 3, 3), (1, 2, 2)),
    ("Mixed_3b", (64, 96, 128, 16, 32, 32)),
    ("Mixed_3c", (128, 128, 192, 32, 96, 64)),
    ((3, 3, 3), (2, 2, 2)),
    ("Mixed_4b", (192, 96, 208, 16, 48, 64)),
    ("Mixed_4c", (160, 112, 224, 24, 64, 64)),
    ("Mixed_4d", (128, 128, 256, 24, 64, 64)),
    ("Mixed_4e", (112, 144, 288, 32, 64, 64)),
    ("Mixed_4f", (256, 160, 320, 32, 128, 128)),
    ((2, 2, 2), (2, 2, 2)),
    ("Mixed_5b", (256, 160, 320, 32, 128, 128)),
    ("Mixed_5c", (384, 192, 384, 48, 128, 128)),
)


class InceptionI3D(nn.Module):
    """(B, 3, T, H, W) to (B, 1024), or (B, 2, T, H, W) of a network for flow."""

    def __init__(self, *, channels: int = 3, narrowed: int = 1) -> None:
        """`narrowed` divides all widths, for tests."""
        super().__init__()
        first, second = 64 // narrowed, 192 // narrowed
        self.Conv3d_1a_7x7 = Unit(channels, first, 7, stride=2)
        self.Conv3d_2b_1x1 = Unit(first, first, 1)
        self.Conv3d_2c_3x3 = Unit(first, second, 3)
        channels = second
        for name, widths in MODULES:
            if isinstance(name, str):
                mixed = Mixed(channels, [each // narrowed for each in widths])
                self.add_module(name, mixed)
                channels = mixed.out_channels

    def forward(self, clips: Tensor) -> Tensor:
        outputs = pooled(self.Conv3d_1a_7x7(clips), (1, 3, 3), (1, 2, 2))
        outputs = self.Conv3d_2c_3x3(self.Conv3d_2b_1x1(outputs))
        for step in MODULES:
            if isinstance(step[0], str):
                outputs = self.get_submodule(step[0])(outputs)
            else:
                outputs = pooled(outputs, *step)
        window = [min(sides) for sides in zip(WINDOW, outputs.shape[2:], strict=True)]
        return F.avg_pool3d(outputs, window, 1).mean((2, 3, 4))


class Unit(nn.Module):
    """A convolution, a norm, ReLU; padded as TensorFlow pads, more at the end than before."""

    def __init__(self, channels: int, out_channels: int, kernel: int, *, stride: int = 1) -> None:
        super().__init__()
        padding = kernel // 2 if stride == 1 else 0  # else it depends on the input
        self.conv3d = nn.Conv3d(channels, out_channels, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm3d(out_channels, eps=0.001)
        self.kernel, self.stride = (kernel,) * 3, (stride,) * 3

    def forward(self, inputs: Tensor) -> Tensor:
        if self.stride != (1, 1, 1):
            inputs = padded(inputs, self.kernel, self.stride)
        return F.relu(self.bn(self.conv3d(inputs)), inplace=True)


class Mixed(nn.Module):
    """Four branches side by side, whose channels stand one after another."""

    def __init__(self, channels: int, widths: list[int]) -> None:
        super().__init__()
        ones, before_1, threes_1, before_2, threes_2, after_pool = widths
        self.b0 = Unit(channels, ones, 1)
        self.b1a, self.b1b = Unit(channels, before_1, 1), Unit(before_1, threes_1, 3)
        self.b2a, self.b2b = Unit(channels, before_2, 1), Unit(before_2, threes_2, 3)
        self.b3b = Unit(channels, after_pool, 1)
        self.out_channels = ones + threes_1 + threes_2 + after_pool

    def forward(self, inputs: Tensor) -> Tensor:
        branches = [
            self.b0(inputs),
            self.b1b(self.b1a(inputs)),
            self.b2b(self.b2a(inputs)),
            self.b3b(F.max_pool3d(inputs, 3, 1, padding=1)),
        ]
        return torch.cat(branches, 1)


def pooled(inputs: Tensor, kernel: Sides, stride: Sides) -> Tensor:
    """Of what a ReLU made, so that zeros beyond the border never win."""
    return F.max_pool3d(padded(inputs, kernel, stride), kernel, stride)


def padded(inputs: Tensor, kernel: Sides, stride: Sides) -> Tensor:
    """With zeros so that ⌈side / stride⌉ places come out."""
    pads: list[int] = []
    for length, side, step in zip(inputs.shape[2:], kernel, stride, strict=True):
        missing = max(0, side - (length % step or step))
        pads = [missing // 2, missing - missing // 2, *pads]  # the last axis comes first
    return F.pad(inputs, pads) if any(pads) else inputs

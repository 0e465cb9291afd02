"""Residual blocks over clips, as several 3-D ResNets have them, with the names that they share.

B clips in a batch, C channels, T frames, H W height and width.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

from ml.models.backbones.planar import PointConvolution, Sides, activated


class Residual(nn.Module):
    """Convolutions conv1, conv2 … with a norm each, added to what came in; ReLU after each.

    `names` are what stands in place of 1, 2 … where they are called otherwise.

    What came in is brought to the new shape by `downsample`, a convolution of 1 × 1 × 1 with a
    norm; without `projects` by leaving out pixels and adding channels of zeros.
    """

    def __init__(
        self,
        channels: Sequence[int],
        kernels: Sequence[Sides],
        strides: Sequence[Sides],
        *,
        projects: bool = True,
        after: nn.Module | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """`channels` are those that come in and those after each convolution."""
        super().__init__()
        self.names = names or [str(number) for number in range(1, len(kernels) + 1)]
        self.out_channels = channels[-1]
        layers = zip(self.names, pairwise(channels), kernels, strides, strict=True)
        for name, (ins, outs), kernel, stride in layers:
            self.add_module(f"conv{name}", convolution(ins, outs, kernel, stride))
            self.add_module(f"bn{name}", nn.BatchNorm3d(outs))
        first, height, width = (max(sides) for sides in zip(*strides, strict=True))
        self.stride = (first, height, width)
        changes = self.stride != (1, 1, 1) or channels[0] != channels[-1]
        self.downsample = self._projection(channels[0]) if changes and projects else None
        self.nl = after

    def _projection(self, channels: int) -> nn.Sequential:
        return nn.Sequential(
            convolution(channels, self.out_channels, (1, 1, 1), self.stride),
            nn.BatchNorm3d(self.out_channels),
        )

    def forward(self, inputs: Tensor) -> Tensor:
        outputs = inputs
        for name in self.names:
            layer, norm = (self.get_submodule(f"{kind}{name}") for kind in ("conv", "bn"))
            added = self._brought(inputs) if name == self.names[-1] else None
            outputs = activated(layer, norm, outputs, added)
        return outputs if self.nl is None else self.nl(outputs)

    def _brought(self, inputs: Tensor) -> Tensor:
        if self.downsample is not None:
            projected: Tensor = self.downsample(inputs)
            return projected
        frames, rows, columns = self.stride
        kept = inputs[:, :, ::frames, ::rows, ::columns]
        return F.pad(kept, (0, 0, 0, 0, 0, 0, 0, self.out_channels - inputs.shape[1]))


def convolution(
    channels: int, out_channels: int, kernel: Sides, stride: Sides = (1, 1, 1)
) -> nn.Conv3d:
    """Padded so that a stride of 1 keeps the size; without a bias, for a norm follows."""
    frames, rows, columns = kernel
    padding = (frames // 2, rows // 2, columns // 2)
    kind = PointConvolution if kernel == (1, 1, 1) else nn.Conv3d
    return kind(channels, out_channels, kernel, stride, padding, bias=False)


def bottleneck(
    channels: int,
    width: int,
    kernels: tuple[Sides, Sides],
    stride: Sides,
    *,
    projects: bool = True,
    after: nn.Module | None = None,
) -> Residual:
    """To `width` channels, convolved there with the stride, and to four times as many."""
    return Residual(
        (channels, width, width, 4 * width), (*kernels, (1, 1, 1)), ((1, 1, 1), stride, (1, 1, 1)),
        projects=projects, after=after,
    )  # fmt: skip

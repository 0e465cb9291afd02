"""Three-dimensional networks of one and of two streams over clips: OS-3DCNN and TS-3DCNN.

After Yamashita, Hizukuri and Nakayama, IPSJ Transactions 2021 (in Japanese): 3 × 3 × 3 convolutions
with batch norm and ReLU, three for each stream and one over both. B clips in a batch, L pictures of
a clip, S side of a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from ml.models.backbones.planar import Sides, activated, max_pool
from ml.models.backbones.residual import convolution

POOLS: tuple[Sides, ...] = ((1, 2, 2), (2, 2, 2), (2, 2, 2))  # in time, height and width


class Stream(nn.Module):
    """conv1 to conv3, each with norm, ReLU and the maximum over a few places.

    (B, 3, L, S, S) to (B, widths[2], L / 4, S / 8, S / 8), rounded down.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        super().__init__()
        for number, (ins, outs) in enumerate(pairwise((3, *widths)), 1):
            self.add_module(f"conv{number}", convolution(ins, outs, (3, 3, 3)))
            self.add_module(f"bn{number}", nn.BatchNorm3d(outs))

    def forward(self, clips: Tensor) -> Tensor:
        outputs = clips
        for number, pool in enumerate(POOLS, 1):
            layer, norm = (self.get_submodule(f"{kind}{number}") for kind in ("conv", "bn"))
            outputs = max_pool(activated(layer, norm, outputs), pool, pool)
        return outputs


class Head(nn.Module):
    """conv4 with norm and ReLU, the mean over all places, and the last layer: (B, n_classes)."""

    def __init__(self, channels: int, width: int, n_classes: int, dropout: float) -> None:
        super().__init__()
        self.conv4 = convolution(channels, width, (3, 3, 3))
        self.bn4 = nn.BatchNorm3d(width)
        self.maps = nn.Identity()  # a name for what conv4 gives after its ReLU
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(width, n_classes)

    def forward(self, maps: Tensor) -> Tensor:
        outputs = self.dropout(self.maps(activated(self.conv4, self.bn4, maps)))
        logits: Tensor = self.fc(self.dropout(outputs.mean((2, 3, 4))))
        return logits


class OneStream3DCNN(nn.Module):
    """Of four `widths`, those of its convolutions."""

    def __init__(self, widths: Sequence[int], n_classes: int, *, dropout: float) -> None:
        super().__init__()
        *of_stream, width = widths
        self.rgb = Stream(of_stream)
        self.head = Head(of_stream[-1], width, n_classes, dropout)

    def forward(self, rgb: Tensor) -> Tensor:
        logits: Tensor = self.head(self.rgb(rgb))
        return logits


class TwoStream3DCNN(nn.Module):
    """The channels of both streams stand one after another before conv4."""

    def __init__(self, widths: Sequence[int], n_classes: int, *, dropout: float) -> None:
        super().__init__()
        *of_stream, width = widths
        self.rgb = Stream(of_stream)
        self.second = Stream(of_stream)
        self.head = Head(2 * of_stream[-1], width, n_classes, dropout)

    def forward(self, rgb: Tensor, second: Tensor) -> Tensor:
        maps = torch.cat([self.rgb(rgb), self.second(second)], dim=1)
        logits: Tensor = self.head(maps)
        return logits

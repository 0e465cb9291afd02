"""ECO Lite: a 2-D network over each picture, and a 3-D one over the maps of all of them.

After Zolfaghari, Singh and Brox, ECO: Efficient Convolutional Network for Online Video
Understanding, ECCV 2018: BN-Inception up to a layer in its third block, then a 3-D ResNet of 18
layers, whose norms come after the sums. Layers are called as in theirs. B clips in a batch, L
pictures of a clip, S side of a picture.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Channels of a mixed block, for each of its layers, and how wide the layers' kernels are.
Mixed = Mapping[str, tuple[int, int]]
BLOCK_3A: Mixed = {
    "1x1": (64, 1), "3x3_reduce": (64, 1), "3x3": (64, 3), "double_3x3_reduce": (64, 1),
    "double_3x3_1": (96, 3), "double_3x3_2": (96, 3), "pool_proj": (32, 1),
}  # fmt: skip
BLOCK_3B: Mixed = {**BLOCK_3A, "3x3": (96, 3), "pool_proj": (64, 1)}
BRANCHES = (
    ("1x1",), ("3x3_reduce", "3x3"), ("double_3x3_reduce", "double_3x3_1", "double_3x3_2"),
    ("pool_proj",),
)  # fmt: skip
DIMENSION = 512


class ECOLite(nn.Module):
    """(B, 3, L, S, S) to logits (B, n_classes). `narrowed` divides all widths."""

    def __init__(self, n_classes: int, *, dropout: float = 0.3, narrowed: int = 1) -> None:
        super().__init__()
        self.pictures = PictureNetwork(narrowed)
        self.clips = ClipNetwork(self.pictures.out_channels, narrowed)
        self.dropout = nn.Dropout(dropout)
        self.fc_final = nn.Linear(DIMENSION // narrowed, n_classes)

    def forward(self, clips: Tensor) -> Tensor:
        maps = self.pictures(clips.transpose(1, 2).flatten(0, 1))
        of_clips = maps.unflatten(0, (len(clips), -1)).transpose(1, 2)
        outputs = self.clips(of_clips).mean((2, 3, 4))
        logits: Tensor = self.fc_final(self.dropout(outputs))
        return logits


class PictureNetwork(nn.Module):
    """(N, 3, S, S) to (N, 96, S / 8, S / 8)."""

    def __init__(self, narrowed: int) -> None:
        super().__init__()
        self.narrowed = narrowed
        channels = self._add("conv1_7x7_s2", 3, 64, 7, stride=2)
        channels = self._add("conv2_3x3_reduce", channels, 64, 1)
        channels = self._add("conv2_3x3", channels, 192, 3)
        channels = self._add_mixed("inception_3a", channels, BLOCK_3A)
        channels = self._add_mixed("inception_3b", channels, BLOCK_3B)
        channels = self._add("inception_3c_double_3x3_reduce", channels, 64, 1)
        self.out_channels = self._add("inception_3c_double_3x3_1", channels, 96, 3)

    def forward(self, pictures: Tensor) -> Tensor:
        outputs = _halved(self._layer("conv1_7x7_s2", pictures))
        outputs = self._layer("conv2_3x3", self._layer("conv2_3x3_reduce", outputs))
        outputs = self._mixed("inception_3b", self._mixed("inception_3a", _halved(outputs)))
        outputs = self._layer("inception_3c_double_3x3_reduce", outputs)
        return self._layer("inception_3c_double_3x3_1", outputs)

    def _add(self, name: str, channels: int, width: int, kernel: int, stride: int = 1) -> int:
        """A convolution and its norm; return how many channels it gives."""
        width //= self.narrowed
        self.add_module(name, nn.Conv2d(channels, width, kernel, stride, kernel // 2))
        self.add_module(f"{name}_bn", nn.BatchNorm2d(width))
        return width

    def _layer(self, name: str, inputs: Tensor) -> Tensor:
        outputs = self.get_submodule(f"{name}_bn")(self.get_submodule(name)(inputs))
        return F.relu(outputs, inplace=True)

    def _add_mixed(self, name: str, channels: int, block: Mixed) -> int:
        total = 0
        for branch in BRANCHES:
            width = channels
            for layer in branch:
                width = self._add(f"{name}_{layer}", width, *block[layer])
            total += width
        return total

    def _mixed(self, name: str, inputs: Tensor) -> Tensor:
        found = []
        for branch in BRANCHES:
            is_pooled = branch == ("pool_proj",)
            outputs = F.avg_pool2d(inputs, 3, stride=1, padding=1) if is_pooled else inputs
            for layer in branch:
                outputs = self._layer(f"{name}_{layer}", outputs)
            found.append(outputs)
        return torch.cat(found, dim=1)


class ClipNetwork(nn.Module):
    """(B, 96, L, H, W) to (B, 512, L / 4, H / 4, W / 4)."""

    def __init__(self, channels: int, narrowed: int) -> None:
        super().__init__()
        first, second, third = (width // narrowed for width in (128, 256, 512))
        self.res3a_2 = _convolution(channels, first)
        self.res3a_bn = nn.BatchNorm3d(first)
        self._add("res3b", first, first)
        for name, ins, outs in (("res4", first, second), ("res5", second, third)):
            self._add(f"{name}a", ins, outs, stride=2)
            self.add_module(f"{name}a_down", _convolution(ins, outs, stride=2))
            self._add(f"{name}b", outs, outs)

    def _add(self, name: str, channels: int, width: int, stride: int = 1) -> None:
        self.add_module(f"{name}_1", _convolution(channels, width, stride))
        self.add_module(f"{name}_1_bn", nn.BatchNorm3d(width))
        self.add_module(f"{name}_2", _convolution(width, width))
        self.add_module(f"{name}_bn", nn.BatchNorm3d(width))

    def forward(self, maps: Tensor) -> Tensor:
        total = self.res3a_2(maps)
        total = self._sum("res3b", self._active("res3a_bn", total), total)
        for name, before in (("res4", "res3b_bn"), ("res5", "res4b_bn")):
            inputs = self._active(before, total)
            total = self._sum(f"{name}a", inputs, self.get_submodule(f"{name}a_down")(inputs))
            total = self._sum(f"{name}b", self._active(f"{name}a_bn", total), total)
        return self._active("res5b_bn", total)

    def _sum(self, name: str, inputs: Tensor, shortcut: Tensor) -> Tensor:
        """Two convolutions of what was normalised, and the shortcut, which was not."""
        hidden = self._active(f"{name}_1_bn", self.get_submodule(f"{name}_1")(inputs))
        return shortcut + self.get_submodule(f"{name}_2")(hidden)

    def _active(self, norm: str, inputs: Tensor) -> Tensor:
        return F.relu(self.get_submodule(norm)(inputs), inplace=True)


def _convolution(channels: int, width: int, stride: int = 1) -> nn.Conv3d:
    return nn.Conv3d(channels, width, 3, stride, 1)


def _halved(maps: Tensor) -> Tensor:
    """The maximum of 3 × 3 places, every second one, and a last one that is cut off counts."""
    return F.max_pool2d(maps, 3, stride=2, ceil_mode=True)

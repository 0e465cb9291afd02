"""R(2+1)D of 18 layers without its classifier: 512 numbers.

After Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018;
names of weights are those of torchvision's r2plus1d_18 (BSD-3). B clips in a batch, T frames,
H W height and width.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ml.models.backbones.residual import convolution

DIMENSION = 512
WIDTHS = (64, 128, 256, 512)
FIRST_BETWEEN = 45  # channels between the two convolutions of the first layer


class R2Plus1D(nn.Module):
    """(B, 3, T, H, W) to (B, 512): the mean of the last layer. `narrowed` divides all widths."""

    def __init__(self, *, narrowed: int = 1) -> None:
        super().__init__()
        between, channels = FIRST_BETWEEN // narrowed, WIDTHS[0] // narrowed
        self.stem = nn.Sequential(
            convolution(3, between, (1, 7, 7), (1, 2, 2)), nn.BatchNorm3d(between), _relu(),
            convolution(between, channels, (3, 1, 1)), nn.BatchNorm3d(channels), _relu(),
        )  # fmt: skip
        for number, width in enumerate(WIDTHS, 1):
            out_channels, stride = width // narrowed, 1 if number == 1 else 2
            blocks = (Block(channels, out_channels, stride), Block(out_channels, out_channels, 1))
            self.add_module(f"layer{number}", nn.Sequential(*blocks))
            channels = out_channels

    def forward(self, clips: Tensor) -> Tensor:
        outputs = self.stem(clips)
        for number in (1, 2, 3, 4):
            outputs = self.get_submodule(f"layer{number}")(outputs)
        features: Tensor = outputs.mean((2, 3, 4))
        return features


class Block(nn.Module):
    """Two convolutions, each split into one in space and one in time, added to what came in."""

    def __init__(self, channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        between = channels_between(channels, out_channels)
        self.conv1 = nn.Sequential(
            _split(channels, between, out_channels, stride), nn.BatchNorm3d(out_channels), _relu()
        )
        self.conv2 = nn.Sequential(
            _split(out_channels, between, out_channels, 1), nn.BatchNorm3d(out_channels)
        )
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or channels != out_channels:
            self.downsample = nn.Sequential(
                convolution(channels, out_channels, (1, 1, 1), (stride, stride, stride)),
                nn.BatchNorm3d(out_channels),
            )

    def forward(self, inputs: Tensor) -> Tensor:
        outputs = self.conv2(self.conv1(inputs))
        return F.relu(outputs + self.downsample(inputs), inplace=True)


def channels_between(channels: int, out_channels: int) -> int:
    """As many as give the split convolution no more weights than the whole one of 3 × 3 × 3 has.

    torchvision takes those of a block's first convolution for both.
    """
    return (channels * out_channels * 3 * 3 * 3) // (channels * 3 * 3 + 3 * out_channels)


def _split(channels: int, between: int, out_channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        convolution(channels, between, (1, 3, 3), (1, stride, stride)),
        nn.BatchNorm3d(between),
        _relu(),
        convolution(between, out_channels, (3, 1, 1), (stride, 1, 1)),
    )


def _relu() -> nn.ReLU:
    return nn.ReLU(inplace=True)

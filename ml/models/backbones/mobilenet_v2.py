"""MobileNetV2 without its classifier (Sandler et al., CVPR 2018).

Names of weights are those that its PyTorch ports share.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain

from torch import Tensor, nn

DIMENSION = 1280
FIRST = 32
# How much wider inside, channels, blocks, stride of the first: the paper's table 2.
STAGES = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
          (6, 160, 3, 2), (6, 320, 1, 1))  # fmt: skip


class MobileNetV2(nn.Module):
    """(B, 3, H, W) to (B, 1280): the mean over the picture of the last layer."""

    def __init__(self) -> None:
        super().__init__()
        channels = FIRST
        layers: list[nn.Module] = [_convolved(3, FIRST, 3, stride=2)]
        for wider, out_channels, n_blocks, stride in STAGES:
            for number in range(n_blocks):
                first_stride = stride if number == 0 else 1
                layers.append(Block(channels, out_channels, stride=first_stride, wider=wider))
                channels = out_channels
        self.features = nn.Sequential(*layers, _convolved(channels, DIMENSION, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        features: Tensor = self.features(pictures)
        return features.mean((2, 3))


class Block(nn.Module):
    """Widened, convolved channel by channel, narrowed; added to what came in where that fits."""

    def __init__(self, channels: int, out_channels: int, *, stride: int, wider: int) -> None:
        super().__init__()
        inner = channels * wider
        widened = [] if wider == 1 else [_convolved(channels, inner, 1)]
        by_channel = _convolved(inner, inner, 3, stride=stride, groups=inner)
        narrowed = [nn.Conv2d(inner, out_channels, 1, bias=False), nn.BatchNorm2d(out_channels)]
        layers = chain(*widened, by_channel, narrowed)
        self.conv = nn.Sequential(OrderedDict((str(n), each) for n, each in enumerate(layers)))
        self.adds = stride == 1 and channels == out_channels

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.conv(inputs)
        return inputs + outputs if self.adds else outputs


def _convolved(
    channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(
            channels, out_channels, kernel, stride=stride, padding=kernel // 2, groups=groups,
            bias=False,
        ),
        nn.BatchNorm2d(out_channels),
        nn.ReLU6(),
    )  # fmt: skip

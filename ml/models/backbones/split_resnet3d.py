"""3-D ResNets whose convolutions are split into space and time, R(2+1)D, without a classifier.

After Tran et al., A Closer Look at Spatiotemporal Convolutions for Action Recognition, CVPR 2018,
as github.com/kenshohara/3D-ResNets-PyTorch (MIT) builds them: every split has as many channels
between as its own numbers give. B clips in a batch, T frames, H W height and width.
"""

from __future__ import annotations

from torch import Tensor, nn

from ml.models.backbones.planar import Sides, activated, max_pool
from ml.models.backbones.r2plus1d import channels_between
from ml.models.backbones.residual import Residual, convolution
from ml.models.backbones.resnet3d import WIDTHS, Depth, add_layers, through_layers

ONE: Sides = (1, 1, 1)
SPACE: Sides = (1, 3, 3)
TIME: Sides = (3, 1, 1)


class SplitResNet3D(nn.Module):
    """(B, 3, T, H, W) to (B, 512 or 2048): the mean of the last layer.

    `projects` False: shortcuts of type A. `narrowed` divides all widths, for tests.
    """

    def __init__(self, depth: Depth, *, projects: bool = True, narrowed: int = 1) -> None:
        super().__init__()
        channels = WIDTHS[0] // narrowed
        between = (3 * channels * 7 * 7 * 7) // (3 * 7 * 7 + 7 * channels)
        self.conv1_s = convolution(3, between, (1, 7, 7), (1, 2, 2))
        self.bn1_s = nn.BatchNorm3d(between)
        self.conv1_t = convolution(between, channels, (7, 1, 1))
        self.bn1_t = nn.BatchNorm3d(channels)
        block = _bottleneck if depth >= 50 else _basic
        add_layers(
            self, channels, depth, narrowed,
            lambda ins, width, stride: block(ins, width, stride, projects),
        )  # fmt: skip

    def forward(self, clips: Tensor) -> Tensor:
        outputs = activated(self.conv1_s, self.bn1_s, clips)
        outputs = activated(self.conv1_t, self.bn1_t, outputs)
        return through_layers(self, max_pool(outputs, (3, 3, 3), (2, 2, 2), padding=ONE))


def _basic(channels: int, width: int, stride: int, projects: bool) -> Residual:
    first, second = channels_between(channels, width), channels_between(width, width)
    return Residual(
        (channels, first, width, second, width), (SPACE, TIME, SPACE, TIME),
        ((1, stride, stride), (stride, 1, 1), ONE, ONE),
        projects=projects, names=("1_s", "1_t", "2_s", "2_t"),
    )  # fmt: skip


def _bottleneck(channels: int, width: int, stride: int, projects: bool) -> Residual:
    return Residual(
        (channels, width, channels_between(width, width), width, 4 * width),
        (ONE, SPACE, TIME, ONE), (ONE, (1, stride, stride), (stride, 1, 1), ONE),
        projects=projects, names=("1", "2_s", "2_t", "3"),
    )  # fmt: skip

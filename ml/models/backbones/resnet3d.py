"""3-D ResNets without their classifier: 512 numbers (18 and 34 layers) or 2048 (50 and 101).

After Hara, Kataoka and Satoh, Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and
ImageNet?, CVPR 2018; names of weights are those of github.com/kenshohara/3D-ResNets-PyTorch (MIT).
B clips in a batch, T frames, H W height and width.
"""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor, nn

from ml.models.backbones.planar import Sides, activated, max_pool
from ml.models.backbones.residual import Residual, bottleneck, convolution

Depth = Literal[18, 34, 50, 101]
DEPTHS: tuple[Depth, ...] = get_args(Depth)
BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
WIDTHS = (64, 128, 256, 512)
ONE: Sides = (1, 1, 1)
THREE: Sides = (3, 3, 3)


def dimension_of(depth: Depth) -> int:
    return WIDTHS[-1] * (4 if depth >= 50 else 1)


class ResNet3D(nn.Module):
    """(B, 3, T, H, W) to (B, 512 or 2048): the mean of the last layer.

    `projects` False: shortcuts of type A, whose files of 2017 have no tensors for them.
    `narrowed` divides all widths, for tests.
    """

    def __init__(self, depth: Depth, *, projects: bool = True, narrowed: int = 1) -> None:
        super().__init__()
        channels = WIDTHS[0] // narrowed
        self.conv1 = convolution(3, channels, (7, 7, 7), (1, 2, 2))
        self.bn1 = nn.BatchNorm3d(channels)
        for number, (width, n_blocks) in enumerate(zip(WIDTHS, BLOCKS[depth], strict=True), 1):
            blocks: list[Residual] = []
            for first in (True, *[False] * (n_blocks - 1)):
                stride = 2 if first and number > 1 else 1
                blocks.append(_block(depth, channels, width // narrowed, stride, projects))
                channels = blocks[-1].out_channels
            self.add_module(f"layer{number}", nn.Sequential(*blocks))

    def forward(self, clips: Tensor) -> Tensor:
        outputs = activated(self.conv1, self.bn1, clips)
        outputs = max_pool(outputs, THREE, (2, 2, 2), padding=ONE)
        for number in (1, 2, 3, 4):
            outputs = self.get_submodule(f"layer{number}")(outputs)
        return outputs.mean((2, 3, 4))


def _block(depth: Depth, channels: int, width: int, stride: int, projects: bool) -> Residual:
    steps = (stride, stride, stride)
    if depth >= 50:
        return bottleneck(channels, width, (ONE, THREE), steps, projects=projects)
    return Residual((channels, width, width), (THREE, THREE), (steps, ONE), projects=projects)

"""3-D ResNets without their classifier: 512 numbers (18 and 34 layers) or 2048 (50 and more).

After Hara, Kataoka and Satoh, Can Spatiotemporal 3D CNNs Retrace the History of 2D CNNs and
ImageNet?, CVPR 2018; names of weights are those of github.com/kenshohara/3D-ResNets-PyTorch (MIT).
B clips in a batch, T frames, H W height and width.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, get_args

from torch import Tensor, nn

from ml.models.backbones.planar import Sides, activated, max_pool
from ml.models.backbones.residual import Residual, bottleneck, convolution

Depth = Literal[18, 34, 50, 101, 152, 200]
DEPTHS: tuple[Depth, ...] = get_args(Depth)
BLOCKS: Mapping[Depth, tuple[int, ...]] = {
    18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3),
    200: (3, 24, 36, 3),
}  # fmt: skip
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
        add_layers(
            self, channels, depth, narrowed,
            lambda ins, width, stride: _block(depth, ins, width, stride, projects),
        )  # fmt: skip

    def forward(self, clips: Tensor) -> Tensor:
        outputs = activated(self.conv1, self.bn1, clips)
        return through_layers(self, max_pool(outputs, THREE, (2, 2, 2), padding=ONE))


def add_layers(
    network: nn.Module,
    channels: int,
    depth: Depth,
    narrowed: int,
    block: Callable[[int, int, int], Residual],
) -> None:
    """layer1 to layer4 of blocks, each made of what comes in, its width and its stride."""
    for number, (width, n_blocks) in enumerate(zip(WIDTHS, BLOCKS[depth], strict=True), 1):
        blocks: list[Residual] = []
        for first in (True, *[False] * (n_blocks - 1)):
            stride = 2 if first and number > 1 else 1
            blocks.append(block(channels, width // narrowed, stride))
            channels = blocks[-1].out_channels
        network.add_module(f"layer{number}", nn.Sequential(*blocks))


def through_layers(network: nn.Module, inputs: Tensor) -> Tensor:
    """(B, D): the mean of the last of the four."""
    for number in (1, 2, 3, 4):
        inputs = network.get_submodule(f"layer{number}")(inputs)
    return inputs.mean((2, 3, 4))


def _block(depth: Depth, channels: int, width: int, stride: int, projects: bool) -> Residual:
    steps = (stride, stride, stride)
    if depth >= 50:
        return bottleneck(channels, width, (ONE, THREE), steps, projects=projects)
    return Residual((channels, width, width), (THREE, THREE), (steps, ONE), projects=projects)

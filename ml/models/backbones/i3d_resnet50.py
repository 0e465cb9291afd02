"""I3D-ResNet50 without its classifier: ResNet-50 inflated to clips, 2048 numbers.

After Wang et al., Non-local Neural Networks, CVPR 2018, the baseline and its non-local variant as
github.com/Tushar-N/pytorch-resnet3d ports them from the authors' Caffe2 weights; names of weights
are those of that port. B clips in a batch, C channels, T frames, H W height and width.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from ml.models.backbones.planar import activated, max_pool
from ml.models.backbones.residual import Residual, bottleneck, convolution

DIMENSION = 2048
FEWEST_FRAMES = 8  # halved three times
# Of each stage: its width, its stride in space, and which blocks look at three frames, not one.
STAGES = (
    (64, 1, (True, True, True)),
    (128, 2, (True, False, True, False)),
    (256, 2, (True, False, True, False, True, False)),
    (512, 2, (False, True, False)),
)
WITH_NON_LOCAL = (128, 256)  # the stages, by their width; each second block there


class I3DResNet50(nn.Module):
    """(B, 3, T, H, W) to (B, 2048): the mean of the last layer.

    `narrowed` divides all widths, for tests.
    """

    def __init__(self, *, non_local: bool = False, narrowed: int = 1) -> None:
        super().__init__()
        first = 64 // narrowed
        self.conv1 = convolution(3, first, (5, 7, 7), (2, 2, 2))
        self.bn1 = nn.BatchNorm3d(first)
        channels = first
        for number, (width, stride, in_time) in enumerate(STAGES, 1):
            has_non_local = non_local and width in WITH_NON_LOCAL
            stage = _stage(channels, width // narrowed, stride, in_time, has_non_local)
            self.add_module(f"layer{number}", stage)
            channels = 4 * width // narrowed

    def forward(self, clips: Tensor) -> Tensor:
        outputs = max_pool(activated(self.conv1, self.bn1, clips), (2, 3, 3), (2, 2, 2))
        outputs = max_pool(self.get_submodule("layer1")(outputs), (2, 1, 1), (2, 1, 1))
        for number in (2, 3, 4):
            outputs = self.get_submodule(f"layer{number}")(outputs)
        return outputs.mean((2, 3, 4))


def _stage(
    channels: int, width: int, stride: int, in_time: tuple[bool, ...], has_non_local: bool
) -> nn.Sequential:
    blocks: list[Residual] = []
    for number, is_temporal in enumerate(in_time):
        kernels = ((3 if is_temporal else 1, 1, 1), (1, 3, 3))
        step = stride if number == 0 else 1
        after = NonLocal(4 * width) if has_non_local and number % 2 else None
        blocks.append(bottleneck(channels, width, kernels, (1, step, step), after=after))
        channels = 4 * width
    return nn.Sequential(*blocks)


class NonLocal(nn.Module):
    """(B, C, T, H, W) to the same: each place takes from all places what resembles it.

    Those that are taken from are first pooled by 2 × 2.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.inner = channels // 2
        self.theta, self.phi, self.g = (nn.Conv3d(channels, self.inner, 1) for _ in range(3))
        self.out = nn.Conv3d(self.inner, channels, 1)
        self.bn = nn.BatchNorm3d(channels)

    def forward(self, inputs: Tensor) -> Tensor:
        pooled = F.max_pool3d(inputs, (1, 2, 2))
        asking = self.theta(inputs)
        asked, taken = self.phi(pooled).flatten(2), self.g(pooled).flatten(2)
        resemblance = asking.flatten(2).transpose(1, 2) @ asked * self.inner**-0.5
        gathered = taken @ resemblance.softmax(-1).transpose(1, 2)
        outputs: Tensor = inputs + self.bn(self.out(gathered.reshape(asking.shape)))
        return outputs

"""EfficientNet-Lite0: EfficientNet (Tan and Le, ICML 2019) without squeezing and with ReLU6.

As in tensorflow/tpu, models/official/efficientnet/lite, whose weights were learnt where pictures
are padded more after than before. Names of weights are those of the ports that follow
lukemelas/EfficientNet-PyTorch. Letters: B pictures, H W height and width.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

DIMENSION = 1280
FIRST, N_CLASSES = 32, 1000
# Blocks, kernel, stride of the first, how much wider inside, channels.
STAGES = ((1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
          (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320))  # fmt: skip


class EfficientNetLite0(nn.Module):
    """(B, 3, H, W) to (B, 1280): the mean over the picture of the layer before the classifier.

    The classifier is there so that a published file fits as a whole.
    """

    def __init__(self) -> None:
        super().__init__()
        self._conv_stem = SamePadded(3, FIRST, 3, stride=2)
        self._bn0 = _norm(FIRST)
        channels, blocks = FIRST, []
        for n_blocks, kernel, stride, wider, out_channels in STAGES:
            for number in range(n_blocks):
                own_stride = stride if number == 0 else 1
                blocks.append(
                    Block(channels, out_channels, kernel=kernel, stride=own_stride, wider=wider)
                )
                channels = out_channels
        self._blocks = nn.ModuleList(blocks)
        self._conv_head = SamePadded(channels, DIMENSION, 1)
        self._bn1 = _norm(DIMENSION)
        self._head_relu = nn.ReLU6()
        self._fc = nn.Linear(DIMENSION, N_CLASSES)

    def forward(self, pictures: Tensor) -> Tensor:
        features = F.relu6(self._bn0(self._conv_stem(pictures)))
        for block in self._blocks:
            features = block(features)
        last: Tensor = self._head_relu(self._bn1(self._conv_head(features)))
        return last.mean((2, 3))

    def classes(self, features: Tensor) -> Tensor:
        """(B, 1000) of ImageNet, before softmax, of (B, 1280)."""
        logits: Tensor = self._fc(features)
        return logits


class Block(nn.Module):
    """Widened, convolved channel by channel, narrowed; added to what came in where that fits."""

    def __init__(
        self, channels: int, out_channels: int, *, kernel: int, stride: int, wider: int
    ) -> None:
        super().__init__()
        inner = channels * wider
        self.widens = wider > 1
        if self.widens:
            self._expand_conv = SamePadded(channels, inner, 1)
            self._bn0 = _norm(inner)
        self._depthwise_conv = SamePadded(inner, inner, kernel, stride=stride, groups=inner)
        self._bn1 = _norm(inner)
        self._project_conv = SamePadded(inner, out_channels, 1)
        self._bn2 = _norm(out_channels)
        self.adds = stride == 1 and channels == out_channels

    def forward(self, inputs: Tensor) -> Tensor:
        wide = F.relu6(self._bn0(self._expand_conv(inputs))) if self.widens else inputs
        convolved = F.relu6(self._bn1(self._depthwise_conv(wide)))
        outputs: Tensor = self._bn2(self._project_conv(convolved))
        return inputs + outputs if self.adds else outputs


class SamePadded(nn.Conv2d):
    """As many outputs as strides fit: zeros on both sides, the odd one below and to the right."""

    def __init__(
        self, channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1
    ) -> None:
        super().__init__(channels, out_channels, kernel, stride, groups=groups, bias=False)

    def forward(self, inputs: Tensor) -> Tensor:
        height, width = inputs.shape[2:]
        padded = F.pad(inputs, (*self._around(width), *self._around(height)))
        return super().forward(padded)

    def _around(self, side: int) -> tuple[int, int]:
        """Zeros before and after."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        zeros = max(0, (-(-side // stride) - 1) * stride + kernel - side)
        return zeros // 2, zeros - zeros // 2


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)

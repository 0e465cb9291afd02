"""C3D up to its first full layer: eight convolutions over clips of 16 frames, 4096 numbers.

After Tran et al., Learning Spatiotemporal Features with 3D Convolutional Networks, ICCV 2015.
Names of weights are those of github.com/DavideA/c3d-pytorch (MIT), which ports the authors' of
Sports-1M. B clips in a batch, C channels, T frames, H W height and width.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

DIMENSION = 4096
FRAMES, SIDE = 16, 112
# Convolutions between pools, with their channels; the first pool leaves time alone.
STAGES = (
    (("conv1", 64),),
    (("conv2", 128),),
    (("conv3a", 256), ("conv3b", 256)),
    (("conv4a", 512), ("conv4b", 512)),
    (("conv5a", 512), ("conv5b", 512)),
)
# How github.com/jfzhang95/pytorch-video-recognition has them in its file for UCF-101.
NUMBERED = {
    "features.0": "conv1", "features.3": "conv2", "features.6": "conv3a", "features.8": "conv3b",
    "features.11": "conv4a", "features.13": "conv4b", "features.16": "conv5a",
    "features.18": "conv5b", "classifier.0": "fc6", "classifier.3": "fc7", "classifier.6": "fc8",
}  # fmt: skip


class C3D(nn.Module):
    """(B, 3, 16, 112, 112) to (B, 4096): fc6 after its ReLU. `narrowed` divides all widths."""

    def __init__(self, *, narrowed: int = 1) -> None:
        super().__init__()
        channels = 3
        for stage in STAGES:
            for name, width in stage:
                self.add_module(name, nn.Conv3d(channels, width // narrowed, 3, padding=1))
                channels = width // narrowed
        self.fc6 = nn.Linear(channels * 4 * 4, DIMENSION // narrowed)

    def forward(self, clips: Tensor) -> Tensor:
        outputs = clips
        for number, stage in enumerate(STAGES, 1):
            for name, _width in stage:
                outputs = F.relu(self.get_submodule(name)(outputs), inplace=True)
            kernel = (1, 2, 2) if number == 1 else (2, 2, 2)
            outputs = F.max_pool3d(outputs, kernel, padding=(0, 1, 1) if number == 5 else 0)
        return F.relu(self.fc6(outputs.flatten(1)))


def our_name(name: str) -> str:
    """Of a tensor in either layout."""
    layer, _, kind = name.rpartition(".")
    return f"{NUMBERED.get(layer, layer)}.{kind}"

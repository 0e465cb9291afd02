"""VGGish's features of the sound of a video, 128 numbers, with weights that people bring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ml.device import to_device
from ml.extraction._base import EXTRACTORS
from ml.extraction._sound import SoundExtractor
from ml.models.backbones.vggish import DIMENSION, VGGish
from ml.weights.networks import load_into

UNREAD = ("classifier.", "pproc.")  # AudioSet's classes, and a PCA, both of what we take


@EXTRACTORS.register
class VGGishFeatures(SoundExtractor):
    """The last layer, before the PCA and the rounding to bytes of AudioSet's own features."""

    title = "VGGish"
    summary = "What a network for sound hears in the 0.96 s around the middle of each segment"
    source = "Hershey et al., ICASSP 2017; names as github.com/harritaylor/torchvggish"
    weights_wanted = "vggish-10086976.pth of harritaylor/torchvggish, or one with its names"
    takes_weights = True
    ending = "__vggish"
    preprocessing = (
        "mean of the channels, 16,000 samples per second; logarithms of 64 mel bands from 125 to "
        "7,500 Hz in windows of 25 ms, 96 of them 10 ms apart"
    )
    dimension = DIMENSION

    def __init__(self, device: torch.device, config: Any, weights: Path | None) -> None:
        super().__init__(device, config, weights)
        assert weights is not None
        self.network = VGGish()
        load_into(self.network, weights, unread=UNREAD)
        self.network.to(device).eval()

    def embeddings(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode():
            inputs = to_device(torch.from_numpy(patches)[:, None], self.device)
            return np.asarray(self.network(inputs).float().cpu().numpy())

"""What every extractor is, and how it gets into the catalogue."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ml.catalogue import Catalogue

if TYPE_CHECKING:
    import torch

Segment = NDArray[np.uint8]  # (L, H, W) grey or (L, H, W, 3) RGB


class Extractor(ABC):
    """Makes K × D numbers of each segment of a video.

    `licence` is that of the weights, empty without any; `preprocessing` says in a sentence what
    becomes of a frame before.
    """

    title: ClassVar[str]
    summary: ClassVar[str]
    source: ClassVar[str]
    licence: ClassVar[str] = ""
    preprocessing: ClassVar[str]
    is_grey: ClassVar[bool] = False
    dimension: ClassVar[int]
    n_crops: ClassVar[int] = 1

    def __init__(self, device: torch.device) -> None:
        """Raise BadInput where its weights are not there."""
        self.device = device

    @property
    @abstractmethod
    def size(self) -> tuple[int, int] | None:
        """(H, W) to which frames are resized; None: as they are."""

    @abstractmethod
    def features(self, segment: Segment) -> NDArray[np.float32]:
        """(K, D)"""

    @property
    def weights_sha256(self) -> str:
        """Of the file of its weights; empty without any."""
        return ""

    @property
    def shape(self) -> tuple[int, int]:
        """(K, D)"""
        return (self.n_crops, self.dimension)

    def facts(self) -> dict[str, Any]:
        """Where its features come from, as a feature set keeps it."""
        return {
            "extractor": self.title,
            "source": self.source,
            "licence": self.licence,
            "preprocessing": self.preprocessing,
            "weights_sha256": self.weights_sha256,
            "dimension": self.dimension,
            "n_crops": self.n_crops,
        }


EXTRACTORS: Catalogue[Extractor] = Catalogue("ml.extraction", "extractor")

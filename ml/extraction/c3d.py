"""C3D's features: fc6 of the network that Sultani et al. used, 4096 numbers."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic.dataclasses import dataclass
from torch import Tensor, nn

from ml.data.video.resizing import Squeezed
from ml.extraction._base import EXTRACTORS, Row, option
from ml.extraction._clips import ClipExtractor, ClipPrecision, CropKind, Preprocessing
from ml.models.backbones.c3d import C3D, DIMENSION, FRAMES, SIDE, our_name

SQUEEZED = Squeezed(128, 171)


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class C3DOptions:
    preprocessing: Annotated[
        Literal["scaled", "bytes", "bgr"],
        option("Data", "Preprocessing", "As ekosman's port of Sultani's method; as DavideA's port "
               "of C3D; as jfzhang95's. The authors' own mean of whole clips is not published with "
               "any of them"),
    ] = "scaled"  # fmt: skip
    crops: CropKind = "centre"
    unit_length: Annotated[
        bool, option("Model", "Unit length", "Divide each feature by its Euclidean norm")
    ] = False
    precision: ClipPrecision = "float32"


@EXTRACTORS.register
class C3DFeatures(ClipExtractor):
    title = "C3D, fc6"
    summary = "The first full layer of a network of eight convolutions over 16 frames"
    source = "Tran et al., ICCV 2015; layers and names as github.com/DavideA/c3d-pytorch"
    weights_wanted = "c3d.pickle (Sports-1M) or c3d-pretrained.pth (UCF-101), with fc7, fc8 or not"
    Config = C3DOptions
    preprocessings = {
        "scaled": Preprocessing(
            resizing=SQUEEZED, crop=SIDE, mean=(124, 117, 104), deviation=(1 / 0.0167,) * 3,
            normalisation="pixels less (124, 117, 104), times 0.0167",
        ),
        "bytes": Preprocessing(
            resizing=Squeezed(112, 200), crop=SIDE, mean=(0, 0, 0), deviation=(1, 1, 1),
            normalisation="pixels 0…255 as they are",
        ),
        "bgr": Preprocessing(
            resizing=SQUEEZED, crop=SIDE, mean=(90, 98, 102), deviation=(1, 1, 1),
            normalisation="pixels of blue, green, red less (90, 98, 102)", is_bgr=True,
        ),
    }  # fmt: skip
    preprocessing = str(preprocessings["scaled"])
    classifier = ("fc7.", "fc8.")
    cam_layer = "conv4b"
    dimension = DIMENSION
    fewest_frames = most_frames = FRAMES

    def build(self) -> nn.Module:
        return C3D()

    def our_name(self, name: str) -> str:
        return our_name(name)

    def finished(self, row: Row) -> Row:
        if not self.config.unit_length:
            return row
        norms = np.linalg.norm(row, axis=1, keepdims=True)
        return np.asarray(row / np.where(norms > 0, norms, 1), np.float32)

    def features_of(self, clips: Tensor) -> Tensor:
        features = super().features_of(clips)
        if not self.config.unit_length:
            return features
        norms = features.norm(dim=1, keepdim=True)
        return features / norms.where(norms > 0, 1)

"""R(2+1)D's features, 512 numbers."""

from __future__ import annotations

from pydantic.dataclasses import dataclass
from torch import nn

from ml.data.video.resizing import Squeezed
from ml.extraction._base import EXTRACTORS
from ml.extraction._clips import ClipExtractor, ClipPrecision, CropKind, Preprocessing, of_255
from ml.models.backbones.r2plus1d import DIMENSION, R2Plus1D


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class R2Plus1DOptions:
    crops: CropKind = "centre"
    precision: ClipPrecision = "float32"


@EXTRACTORS.register
class R2Plus1DFeatures(ClipExtractor):
    title = "R(2+1)D-18, Kinetics"
    summary = "A residual network whose convolutions are split into space and time"
    source = "Tran et al., CVPR 2018; layers and names as torchvision's r2plus1d_18"
    weights_wanted = "r2plus1d_18-91a641e6.pth of torchvision or one in its layout, fc or not"
    Config = R2Plus1DOptions
    preprocessings = {
        "torchvision": Preprocessing(
            resizing=Squeezed(128, 171), crop=112,
            mean=of_255(0.43216, 0.394666, 0.37645), deviation=of_255(0.22803, 0.22145, 0.216989),
            normalisation="torchvision's mean and deviation of Kinetics",
        ),
    }  # fmt: skip
    preprocessing = str(preprocessings["torchvision"])
    classifier = ("fc.",)
    cam_layer = "layer3"
    dimension = DIMENSION

    def build(self) -> nn.Module:
        return R2Plus1D()

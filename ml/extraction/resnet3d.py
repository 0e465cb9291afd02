"""3-D ResNets' features, by their depth: 512 numbers or 2048."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import torch
from pydantic.dataclasses import dataclass
from torch import nn

from ml.data.video.resizing import Shorter
from ml.extraction._base import EXTRACTORS, option
from ml.extraction._clips import ClipExtractor, ClipPrecision, CropKind, Preprocessing, of_255
from ml.models.backbones.resnet3d import Depth, ResNet3D, dimension_of


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class ResNet3DOptions:
    depth: Annotated[Depth, option("Model", "Depth", "Layers of the network")] = 50
    shortcut: Annotated[
        Literal["B", "A"],
        option("Model", "Shortcut", "A: without weights, as the files of 2017 for 18 and 34 "
               "layers; B: all others"),
    ] = "B"  # fmt: skip
    preprocessing: Annotated[
        Literal["kinetics", "activitynet"],
        option("Data", "Preprocessing", "kinetics: mean and deviation, as the files of 2018 and "
               "later; activitynet: a mean alone, as those of 2017"),
    ] = "kinetics"  # fmt: skip
    crops: CropKind = "centre"
    precision: ClipPrecision = "float32"


@EXTRACTORS.register
class ResNet3DFeatures(ClipExtractor):
    title = "3D ResNet, Kinetics"
    summary = "A residual network of 18 to 200 layers with convolutions of 3 × 3 × 3"
    source = "Hara et al., CVPR 2018; layers and names as github.com/kenshohara/3D-ResNets-PyTorch"
    weights_wanted = "r3d18_K_200ep.pth to r3d200_KM_200ep.pth of 3D-ResNets-PyTorch, fc or not"
    Config = ResNet3DOptions
    preprocessings = {
        "kinetics": Preprocessing(
            resizing=Shorter(112), crop=112,
            mean=of_255(0.4345, 0.4051, 0.3775), deviation=of_255(0.2768, 0.2713, 0.2737),
            normalisation="3D-ResNets-PyTorch's mean and deviation of Kinetics",
        ),
        "activitynet": Preprocessing(
            resizing=Shorter(112), crop=112,
            mean=(114.7748, 107.7354, 99.475), deviation=(1, 1, 1),
            normalisation="pixels less (114.7748, 107.7354, 99.475)",
        ),
    }  # fmt: skip
    preprocessing = str(preprocessings["kinetics"])
    classifier = ("fc.",)
    cam_layer = "layer2"
    dimension = dimension_of(50)

    def __init__(self, device: torch.device, config: Any, weights: Path | None) -> None:
        self.dimension = dimension_of(config.depth)
        super().__init__(device, config, weights)

    def build(self) -> nn.Module:
        return ResNet3D(self.config.depth, projects=self.config.shortcut == "B")

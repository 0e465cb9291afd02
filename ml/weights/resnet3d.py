"""3-D ResNets and R(2+1)D as the 3D-ResNets project publishes them, learnt from actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from ml.models.backbones.resnet3d import BLOCKS, Depth, ResNet3D, dimension_of
from ml.models.backbones.split_resnet3d import SplitResNet3D
from ml.models.clip_classifier import ClipClassifier
from ml.records import BadInput
from ml.weights._base import LAYOUTS, Imported, WeightLayout, Weights
from ml.weights.networks import COUNTERS, check

# By how many classes a file of the project tells apart.
KINETICS, MOMENTS, STAIR = "Kinetics-700", "Moments in Time", "STAIR Actions"
LEARNT_FROM = {
    700: (KINETICS,), 339: (MOMENTS,), 100: (STAIR,), 1039: (KINETICS, MOMENTS),
    800: (KINETICS, STAIR), 439: (MOMENTS, STAIR), 1139: (KINETICS, MOMENTS, STAIR),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Which network it is."""

    depth: Depth = 50
    is_split: bool = False
    projects: bool = True

    @classmethod
    def of(cls, weights: Weights) -> Variant:
        """By its names: the one that they are of, or the nearest."""
        blocks = tuple(_n_blocks(weights, number) for number in (1, 2, 3, 4))
        has_thirds = "layer1.0.conv3.weight" in weights
        fitting = [
            depth for depth, known in BLOCKS.items()
            if known == blocks and (depth >= 50) == has_thirds
        ]  # fmt: skip
        return cls(
            depth=fitting[0] if fitting else cls.depth,
            is_split="layer1.0.conv2_s.weight" in weights,
            projects="layer2.0.downsample.0.weight" in weights or not fitting,
        )

    @cached_property
    def config(self) -> Mapping[str, Any]:
        return {
            "architecture": "r2plus1d" if self.is_split else "r3d",
            "depth": self.depth,
            "shortcut": "B" if self.projects else "A",
        }

    def tensors(self, n_classes: int) -> dict[str, Tensor]:
        """Of the network by our names, for which no memory is taken."""
        with torch.device("meta"):
            kind = SplitResNet3D if self.is_split else ResNet3D
            backbone = kind(self.depth, projects=self.projects)
            network = ClipClassifier(backbone, dimension_of(self.depth), n_classes)
            return dict(network.state_dict())


def _n_blocks(weights: Weights, layer: int) -> int:
    numbers = {name.split(".")[1] for name in weights if name.startswith(f"layer{layer}.")}
    return len(numbers)


@LAYOUTS.register
class ResNet3DLayout(WeightLayout):
    """Any depth, with shortcuts of either type. Counters of batch norms may be missing."""

    title = "3D ResNets of their project"
    source = "github.com/kenshohara/3D-ResNets-PyTorch"
    method = "resnet3d"

    def __init__(self) -> None:
        self.variant = Variant()

    @property
    def renamed(self) -> Mapping[str, str]:  # type: ignore[override]
        return {_theirs(name): name for name in self.variant.tensors(1)}

    def takes(self, weights: Weights) -> bool:
        self.variant = Variant.of(weights)
        return _counted(self.renamed) == _counted(weights)

    def imported(self, weights: Weights) -> Imported:
        self.check(weights)
        ours = self.variant.tensors(len(weights["fc.bias"]))
        tensors = {
            name: weights.get(_theirs(name), torch.zeros((), dtype=each.dtype))
            for name, each in ours.items()
        }
        return Imported(
            method=self.method,
            layout=self.title,
            config=self.variant.config,
            tensors=tensors,
            notes=(_note_on_classes(len(weights["fc.bias"])),),
        )

    def check(self, weights: Weights) -> None:
        given = {_ours(name): weights[name] for name in _counted(weights)}
        n_classes = weights["fc.bias"].numel()
        if n_classes < 2:
            raise BadInput("Its last layer tells no classes apart: it has a single output")
        check(given, self.variant.tensors(n_classes), "The file")

    def config_of(self, weights: Weights) -> Mapping[str, Any]:
        return self.variant.config


def _theirs(name: str) -> str:
    return name.removeprefix("backbone.")


def _ours(name: str) -> str:
    return name if name.startswith("fc.") else f"backbone.{name}"


def _counted(names: Mapping[str, Any]) -> set[str]:
    """Without the counters, which files before 2018 lack."""
    return {name for name in names if not name.endswith(COUNTERS)}


def _note_on_classes(n_classes: int) -> str:
    known = " and ".join(LEARNT_FROM.get(n_classes, ()))
    of = f"as many as {known} have" if known else "of a data set that the project does not name"
    return (
        f"Its last layer tells {n_classes:,} classes apart, {of}: a training that begins with it "
        "makes a new one"
    )

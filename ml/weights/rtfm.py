"""RTFM as its authors' code saves it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.records import BadInput
from ml.weights._base import LAYOUTS, WeightLayout, Weights

CONVOLUTION = ("weight", "bias")
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
LAYERS: Mapping[str, tuple[str, ...]] = {
    **{f"conv_{n}.0": CONVOLUTION for n in (1, 2, 3)},
    **{f"conv_{n}.2": NORM for n in (1, 2, 3)},
    "conv_4.0": ("weight",),
    "conv_5.0": ("weight",),
    "conv_5.2": NORM,
    **{f"non_local.{name}": CONVOLUTION for name in ("g", "theta", "phi", "W.0")},
    "non_local.W.1": NORM,
}
OF_LAYERS = [f"{layer}.{kind}" for layer, kinds in LAYERS.items() for kind in kinds]
OF_HEAD = [f"fc{n}.{kind}" for n in (1, 2, 3) for kind in CONVOLUTION]


@LAYOUTS.register
class RTFMLayout(WeightLayout):
    title = "RTFM of its authors"
    source = "github.com/tianyu0207/RTFM"
    method = "rtfm"
    renamed = {
        **{f"Aggregate.{name}": f"aggregate.{name}" for name in OF_LAYERS},
        **{name: name for name in OF_HEAD},
    }

    def check(self, weights: Weights) -> None:
        dimension = weights["Aggregate.conv_1.0.weight"].shape[1]
        channels = len(weights["Aggregate.conv_1.0.weight"])
        if dimension != 4 * channels:
            raise BadInput(
                f"conv_1 makes {channels} channels of {dimension}, where a quarter is expected"
            )

    def config_of(self, weights: Weights) -> Mapping[str, Any]:
        return {}

"""HL-Net as its authors publish it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.weights._base import LAYOUTS, WeightLayout, Weights

USED = (
    *(f"{layer}.{kind}" for layer in ("conv1d1", "conv1d2", "classifier", "approximator.0",
                                      "approximator.2", "conv1d_approximator")
      for kind in ("weight", "bias")),
    *(f"gc{n}.weight" for n in range(1, 7)),
    *(f"gc{n}.residual.{kind}" for n in (1, 3, 5) for kind in ("weight", "bias")),
)  # fmt: skip
UNUSED = (
    *(f"{layer}.{kind}" for layer in ("conv1d3", "conv1d4") for kind in ("weight", "bias")),
    "simAdj.weight0", "simAdj.weight1", "disAdj.sigma",
)  # fmt: skip


@LAYOUTS.register
class HLNetLayout(WeightLayout):
    """Some of its tensors are never read by the authors' forward pass either."""

    title = "HL-Net of its authors"
    source = "github.com/Roc-Ng/XDVioDet"
    method = "hl_net"
    renamed = {**{name: name for name in USED}, **dict.fromkeys(UNUSED, "")}

    def config_of(self, weights: Weights) -> Mapping[str, Any]:
        return {}

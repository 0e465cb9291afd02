"""Video Classifier as its authors publish it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ml.records import BadInput
from ml.weights._base import LAYOUTS, WeightLayout, Weights


@LAYOUTS.register
class VideoClassifierLayout(WeightLayout):
    """Columns of fc1 run feature-major there as here: column = feature · hops + hop."""

    title = "Video Classifier of its authors"
    source = "github.com/sakurada-cnq/salient_feature_anomaly"
    method = "video_classifier"
    # The authors' own spelling.
    renamed = {
        "self_anttention.0.weight": "attention.hidden.weight",
        "self_anttention.0.bias": "attention.hidden.bias",
        "self_anttention.2.weight": "attention.hops.weight",
        "self_anttention.2.bias": "attention.hops.bias",
        "fc1.weight": "fc1.weight",
        "fc1.bias": "fc1.bias",
        "fc2.weight": "fc2.weight",
        "fc2.bias": "fc2.bias",
    }

    def check(self, weights: Weights) -> None:
        dimension = weights["self_anttention.0.weight"].shape[-1]
        hops = len(weights["self_anttention.2.weight"])
        columns = weights["fc1.weight"].shape[-1]
        if columns != dimension * hops:
            raise BadInput(
                f"fc1 has {columns} columns, where {hops} hops over features of {dimension} "
                f"numbers have {dimension * hops}"
            )

    def config_of(self, weights: Weights) -> Mapping[str, Any]:
        return {
            "layers": "attention",
            "attention_width": len(weights["self_anttention.0.weight"]),
            "hops": len(weights["self_anttention.2.weight"]),
        }

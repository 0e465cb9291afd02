"""PEL4VAD as its authors' code saves it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ml.records import BadInput
from ml.weights._base import LAYOUTS, WeightLayout, Weights

BOTH = ("weight", "bias")
LAYERS = {
    "self_attention.self_attn.q": "attention.query",
    "self_attention.self_attn.k": "attention.key",
    "self_attention.self_attn.v": "attention.value",
    "self_attention.self_attn.o": "attention.to_out",
    "self_attention.linear1": "to_context",
    "self_attention.linear2": "to_hidden",
    "self_attention.norm": "norm",
    "classifier": "classifier",
}
NUMBERS = {
    "self_attention.self_attn.alpha": "attention.mixing",
    "self_attention.loc_adj.w": "nearness.slope",
    "self_attention.loc_adj.b": "nearness.offset",
    "logit_scale": "log_scale",
}
CAUSAL = "classifier.weight"


@dataclass(frozen=True, kw_only=True)
class Published:
    """What the authors have for a benchmark; `temperature` is what its scale began with."""

    benchmark: str
    causal_segments: int
    window: int
    power_norm: bool
    smoothing: str
    smoothed_rows: int
    temperature: float
    nearness_slope: float
    nearness_offset: float

    @property
    def fields(self) -> dict[str, Any]:
        """Of the method's config, but for what shapes tell."""
        told = ("benchmark", "causal_segments")
        return {name: value for name, value in vars(self).items() if name not in told}


PUBLISHED = (
    Published(
        benchmark="UCF-Crime", causal_segments=9, window=9, power_norm=True, smoothing="slide",
        smoothed_rows=7, temperature=0.09, nearness_slope=0.6, nearness_offset=0.2,
    ),
    Published(
        benchmark="XD-Violence", causal_segments=3, window=9, power_norm=False, smoothing="fixed",
        smoothed_rows=8, temperature=0.05, nearness_slope=0.06, nearness_offset=0.02,
    ),
    Published(
        benchmark="ShanghaiTech", causal_segments=3, window=5, power_norm=True, smoothing="slide",
        smoothed_rows=3, temperature=0.2, nearness_slope=0.08, nearness_offset=0.1,
    ),
)  # fmt: skip


@LAYOUTS.register
class PEL4VADLayout(WeightLayout):
    """Known from the code that writes and reads such files, and from its log, which tells of no
    name or shape that did not fit: a published one was not at hand to be tried.

    Window and power norm leave no trace in the weights. They are the authors' for the benchmark
    whose causal segments there are, and, of two with three, whose scale is the nearer. These begin
    1.4 apart, and an update moves a scale by 0.0005 or so: XD-Violence's best came in its second
    epoch, within 310 updates, and all of ShanghaiTech's training has some 900.
    """

    title = "PEL4VAD of its authors"
    source = "github.com/yujiangpu20/PEL4VAD"
    method = "pel4vad"
    renamed = {
        **{f"{old}.{kind}": f"{new}.{kind}" for old, new in LAYERS.items() for kind in BOTH},
        **NUMBERS,
    }

    def config_of(self, weights: Weights) -> Mapping[str, Any]:
        return {
            "attention_width": len(weights["self_attention.self_attn.q.weight"]),
            "width": len(weights["self_attention.linear2.weight"]),
            "causal_segments": weights[CAUSAL].shape[-1],
        }

    def usual(self, weights: Weights) -> Mapping[str, Any]:
        return published_like(weights).fields

    def notes(self, weights: Weights) -> tuple[str, ...]:
        like = published_like(weights)
        normed = "power norm" if like.power_norm else "no power norm"
        return (
            f"A window of {like.window} segments and {normed}, as the authors have for "
            f"{like.benchmark}: the weights themselves do not tell",
        )


def published_like(weights: Weights) -> Published:
    """The authors' settings that such weights were learnt with. Raise BadInput for none of them."""
    causal = weights[CAUSAL].shape[-1]
    possible = [each for each in PUBLISHED if each.causal_segments == causal]
    if not possible:
        known = sorted({each.causal_segments for each in PUBLISHED})
        raise BadInput(
            f"The classifier is over {causal} segments, where the authors have "
            f"{' or '.join(map(str, known))}: window and power norm cannot be known"
        )
    scale = float(weights["logit_scale"])
    return min(possible, key=lambda each: abs(scale - math.log(1 / each.temperature)))

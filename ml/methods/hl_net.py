"""HL-Net: graphs over the segments of a video, with a branch that sees no future (Wu et al., ECCV
2020).

What the authors' code does otherwise than their paper is in docs/weak-methods.md. B bags, T
segments, N rows, K crops, D numbers of a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.data.features.bags import Rows, sampled_or_padded
from ml.losses.mil import bag_lengths, mean_of_highest
from ml.methods._base import option, register
from ml.methods._options import (
    BatchSize,
    ComputePrecision,
    KeptAs,
    LearningRate,
    Segments,
    Updates,
    ValidateEvery,
    dropout_of,
)
from ml.methods._weak import WeakMethod
from ml.models.hl_net import HLNet
from ml.training.schedule import Schedule

DISTILLING = 5.0
SEGMENTS_PER_TOP = 16


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class HLNetConfig:
    segments: Segments = 200
    kept_as: KeptAs = "float16"
    dropout: Annotated[float, dropout_of("Of all layers")] = 0.6
    updates: Updates = 7700
    batch_size: BatchSize = 128
    learning_rate: LearningRate = 1e-4
    falls_after: Annotated[
        int, option("Training", "Rate falls after", "So many updates, to a tenth; once", ge=1)
    ] = 1540
    validate_every: ValidateEvery = 154
    precision: ComputePrecision = "float32"
    branch: Annotated[
        Literal["holistic", "online"],
        option("Scoring", "Branch", "With the whole video in view, or only what came before"),
    ] = "holistic"


@register
class HLNetMethod(WeakMethod):
    title = "HL-Net"
    summary = (
        "Learns from what segments are alike, near and equally scored; a second branch sees no "
        "future. Made for pictures and sound together"
    )
    paper = (
        "Wu et al., Not only Look, but also Listen: Learning Multimodal Violence Detection under "
        "Weak Supervision, ECCV 2020"
    )
    rule = (
        "The frames of a row of features have its score, the mean over crops, made with the whole "
        "video in view, or on the branch “online” with what came before; frames after the last "
        "row share its score"
    )
    Config = HLNetConfig
    tiny = HLNetConfig(
        segments=16, dropout=0.1, updates=60, batch_size=8, learning_rate=0.001, validate_every=10,
    )  # fmt: skip
    width_of = "conv1d1.weight"
    config: HLNetConfig

    def make_bag(self, rows: Rows, n_segments: int) -> NDArray[np.float32]:
        return sampled_or_padded(rows, n_segments)

    def build(self, dimension: int) -> nn.Module:
        return HLNet(dimension, dropout=self.config.dropout)

    def optimiser(self, network: nn.Module) -> Optimizer:
        """The online branch learns half as fast."""
        assert isinstance(network, HLNet)
        online = [each for part in network.online_branch for each in part.parameters()]
        of_online = set(map(id, online))
        others = [each for each in network.parameters() if id(each) not in of_online]
        rate = self.config.learning_rate
        groups: list[dict[str, Any]] = [{"params": others}, {"params": online, "lr": rate / 2}]
        return torch.optim.Adam(groups, lr=rate)

    def schedule(self) -> Schedule:
        return Schedule(shape="step", step_size=self.config.falls_after, n_falls=1)

    def losses(self, normal: Tensor, abnormal: Tensor) -> Mapping[str, Tensor]:
        bags_BTD = torch.cat([normal, abnormal])
        is_row_BT = _is_row(bags_BTD)
        holistic, online = (each.float() for each in self.output(bags_BTD, is_row_BT))
        labels_B = torch.zeros(len(bags_BTD), device=bags_BTD.device)
        labels_B[len(normal) :] = 1
        bce = [
            F.binary_cross_entropy(_top_score(logits, is_row_BT), labels_B)
            for logits in (holistic, online)
        ]
        distilled = _distilling(holistic, online, is_row_BT)
        return {
            "loss": bce[0] + bce[1] + DISTILLING * distilled,
            "bce": bce[0],
            "online_bce": bce[1],
        }

    def video_scores(self, bags: Tensor) -> Tensor:
        is_row_BT = _is_row(bags)
        holistic, _online = self.output(bags, is_row_BT)
        return _top_score(holistic.float(), is_row_BT)

    def bag_scores(self, bags: Tensor) -> Tensor:
        number = ("holistic", "online").index(self.config.branch)
        logits_BT: Tensor = self.output(bags)[number]
        return torch.sigmoid(logits_BT.float())


def _is_row(bags_BTD: Tensor) -> Tensor:
    """(B, T): False where a bag is padded with zeros; a video of zeros alone is one row long."""
    places = torch.arange(bags_BTD.shape[1], device=bags_BTD.device)
    return places[None] < bag_lengths(bags_BTD)[:, None]


def _top_score(logits_BT: Tensor, is_row_BT: Tensor) -> Tensor:
    """(B,): the sigmoid of the mean of the highest logits, one and another for every 16 rows."""
    lengths = is_row_BT.sum(1)
    return torch.sigmoid(mean_of_highest(logits_BT, lengths, lengths // SEGMENTS_PER_TOP + 1))


def _distilling(holistic_BT: Tensor, online_BT: Tensor, is_row_BT: Tensor) -> Tensor:
    """The online branch is to score as high as the other one, which does not learn from this."""
    cross = -torch.sigmoid(holistic_BT).detach() * F.logsigmoid(online_BT)
    return (cross.masked_fill(~is_row_BT, 0.0).sum(1) / is_row_BT.sum(1)).mean()

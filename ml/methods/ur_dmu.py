"""UR-DMU: a memory of what is normal and one of what is not (Zhou et al., AAAI 2023).

B bags of both kinds, H of one, T segments, N rows, K crops, D numbers of a feature, C channels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.methods._base import option, register
from ml.methods._options import (
    BatchSize,
    ComputePrecision,
    KeptAs,
    LearningRate,
    Segments,
    Updates,
    ValidateEvery,
    WeightDecay,
    dropout_of,
)
from ml.methods._weak import WeakMethod
from ml.models.dual_memory import DualMemory, Remembered

SEGMENTS_PER_TOP = 16
MEMORIES, TRIPLET, DIVERGENCE, DISTANCE = 0.1, 0.1, 0.001, 0.0001
TRIPLET_MARGIN, DISTANCE_MARGIN = 1.0, 100.0


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class URDMUConfig:
    segments: Segments = 200
    kept_as: KeptAs = "float16"
    entries: Annotated[
        int, option("Model", "Memory entries", "Of each of the two memories", ge=1, le=4096)
    ] = 60
    dropout: Annotated[float, dropout_of("Of the attention layers")] = 0.5
    weight_decay: WeightDecay = 5e-5
    updates: Updates = 3000
    batch_size: BatchSize = 128
    learning_rate: LearningRate = 1e-4
    validate_every: ValidateEvery = 10
    precision: ComputePrecision = "float32"


@register
class URDMU(WeakMethod):
    title = "UR-DMU"
    summary = (
        "Learns two memories, of normal and of abnormal segments, and scores a segment by what "
        "they add to it"
    )
    paper = (
        "Zhou et al., Dual Memory Units with Uncertainty Regulation for Weakly Supervised Video "
        "Anomaly Detection, AAAI 2023"
    )
    rule = (
        "The frames of a row of features have its score, the mean over crops, made with the whole "
        "video in view; frames after the last row share its score"
    )
    Config = URDMUConfig
    tiny = URDMUConfig(
        segments=16, entries=8, dropout=0.1, updates=20, batch_size=4, learning_rate=2e-4,
        validate_every=10,
    )  # fmt: skip
    width_of = "embedding.weight"
    config: URDMUConfig

    def build(self, dimension: int) -> nn.Module:
        return DualMemory(dimension, n_entries=self.config.entries, dropout=self.config.dropout)

    def optimiser(self, network: nn.Module) -> Optimizer:
        config = self.config
        return torch.optim.Adam(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )

    def losses(self, normal: Tensor, abnormal: Tensor) -> Mapping[str, Tensor]:
        with self.computing():
            parts = _Parts.of(self.dual, normal, abnormal)
        return parts.losses()

    @property
    def dual(self) -> DualMemory:
        assert isinstance(self.learnt, DualMemory)
        return self.learnt

    def video_scores(self, bags: Tensor) -> Tensor:
        return _top_mean(self.output(bags).float())

    def bag_scores(self, bags: Tensor) -> Tensor:
        scores_BT: Tensor = self.output(bags)
        return scores_BT.float()


class _Parts:
    """What the network and its memories say of as many normal as abnormal bags, in float32."""

    @classmethod
    def of(cls, network: DualMemory, normal: Tensor, abnormal: Tensor) -> _Parts:
        return cls(network, network.embedded(torch.cat([normal, abnormal])), len(normal))

    def __init__(self, network: DualMemory, segments_BTC: Tensor, half: int) -> None:
        self.normal, self.abnormal = segments_BTC[:half], segments_BTC[half:]
        self.normal_in_normal = network.normal(self.normal)
        self.normal_in_abnormal = network.abnormal(self.normal)
        self.abnormal_in_normal = network.normal(self.abnormal)
        self.abnormal_in_abnormal = network.abnormal(self.abnormal)
        # Only what a normal bag takes from the normal memory is uncertain.
        self.mean = network.mean(self.normal_in_normal.added).float()
        self.log_variance = network.log_variance(self.normal_in_normal.added).float()
        self.drawn = self.mean + torch.randn_like(self.mean) * (self.log_variance / 2).exp()
        self.abnormal_mean = network.mean(self.abnormal_in_abnormal.added).float()
        added = torch.cat([
            self.drawn + network.mean(self.normal_in_abnormal.added),
            self.abnormal_mean + network.mean(self.abnormal_in_normal.added),
        ])  # fmt: skip
        self.scores = network.scores(segments_BTC, added.to(segments_BTC.dtype)).float()

    def losses(self) -> Mapping[str, Tensor]:
        bce = _bce(_top_mean(self.scores), [0.0, 1.0])
        loss = (
            bce
            + MEMORIES * self._memories()
            + TRIPLET * self._triplet()
            + DIVERGENCE * self._divergence()
            + DISTANCE * self._distance()
        )
        return {"loss": loss, "bce": bce}

    def _memories(self) -> Tensor:
        """Each kind fits its own memory: normal bags in all segments, abnormal ones in the best."""
        own = _bce(_top_mean(self.abnormal_in_abnormal.fit.float()), [1.0])
        strange = _bce(_top_mean(1 - self.abnormal_in_normal.fit.float()), [1.0])
        normal = _bce(self.normal_in_normal.fit.float(), [1.0])
        foreign = _bce(self.normal_in_abnormal.fit.float(), [0.0])
        return own + strange + normal + foreign

    def _triplet(self) -> Tensor:
        """Of abnormal bags, the segments that are most normal lie nearer to normal ones."""
        anchor = _best(self.normal, self.normal_in_normal)
        positive = _best(self.abnormal, self.abnormal_in_normal)
        negative = _best(self.abnormal, self.abnormal_in_abnormal)
        return F.triplet_margin_loss(
            F.normalize(anchor, dim=1), F.normalize(positive, dim=1), F.normalize(negative, dim=1),
            margin=TRIPLET_MARGIN,
        )  # fmt: skip

    def _divergence(self) -> Tensor:
        """Kullback and Leibler's, from the standard normal; summed over time, as in the code."""
        terms = 1 + self.log_variance - self.mean.square() - self.log_variance.exp()
        return (-0.5 * terms.sum(1)).mean()

    def _distance(self) -> Tensor:
        """What the memories add to the best abnormal segments is longer, by a margin."""
        normal = _best(self.drawn, self.normal_in_normal)
        abnormal = _best(self.abnormal_mean, self.abnormal_in_abnormal)
        return (DISTANCE_MARGIN - abnormal.norm(dim=1) + normal.norm(dim=1)).clamp(min=0).mean()


def _best(segments_HTC: Tensor, remembered: Remembered) -> Tensor:
    """(H, C): the mean of the segments that fit best, one and another for every 16."""
    places_Hn = remembered.fit.topk(_n_top(remembered.fit), dim=1).indices
    index = places_Hn[:, :, None].expand(-1, -1, segments_HTC.shape[2])
    return segments_HTC.float().gather(1, index).mean(1)


def _top_mean(scores_BT: Tensor) -> Tensor:
    return scores_BT.topk(_n_top(scores_BT), dim=1).values.mean(1)


def _n_top(scores_BT: Tensor) -> int:
    return scores_BT.shape[1] // SEGMENTS_PER_TOP + 1


def _bce(scores: Tensor, labels: list[float]) -> Tensor:
    """Against `labels`, each for as many of the scores."""
    targets = torch.tensor(labels, device=scores.device).repeat_interleave(
        len(scores) // len(labels)
    )
    return F.binary_cross_entropy(
        scores, targets.view(-1, *[1] * (scores.ndim - 1)).expand_as(scores)
    )

"""RTFM: abnormal segments are those of large features (Tian et al., ICCV 2021).

What the authors' code does otherwise than their paper is in docs/weak-methods.md. B bags, K
crops, T segments, N rows, D numbers of a feature.
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
from ml.models.multiscale_temporal import MagnitudeClassifier

SPARSITY, SMOOTHNESS = 8e-3, 8e-4


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class RTFMConfig:
    segments: Segments = 32
    kept_as: KeptAs = "float16"
    dropout: Annotated[float, dropout_of("Of all layers")] = 0.7
    top_segments: Annotated[
        int,
        option("Training", "Top segments", "Of each bag, those of the largest features, are "
               "learnt from", ge=1, le=4096),
    ] = 3  # fmt: skip
    magnitude_weight: Annotated[
        float, option("Training", "Magnitude weight", "Of the loss of features' lengths", ge=0)
    ] = 1e-4
    margin: Annotated[
        float, option("Training", "Margin", "Length that abnormal features are to have", gt=0)
    ] = 100.0
    weight_decay: WeightDecay = 0.005
    updates: Updates = 15_000
    batch_size: BatchSize = 64
    learning_rate: LearningRate = 0.001
    validate_every: ValidateEvery = 50
    precision: ComputePrecision = "float32"


@register
class RTFM(WeakMethod):
    title = "RTFM"
    summary = (
        "Learns to give abnormal segments large features and normal ones small, with the context "
        "of several scales of time"
    )
    paper = (
        "Tian et al., Weakly-supervised Video Anomaly Detection with Robust Temporal Feature "
        "Magnitude Learning, ICCV 2021"
    )
    rule = (
        "The frames of a row of features have its score, the mean over crops, made with the whole "
        "video in view; frames after the last row share its score"
    )
    Config = RTFMConfig
    tiny = RTFMConfig(
        segments=4, dropout=0.1, top_segments=2, updates=60, batch_size=4, validate_every=10,
    )  # fmt: skip
    width_of = "aggregate.conv_1.0.weight"
    crops_are_samples = False
    config: RTFMConfig

    def build(self, dimension: int) -> nn.Module:
        return MagnitudeClassifier(dimension, dropout=self.config.dropout)

    def optimiser(self, network: nn.Module) -> Optimizer:
        config = self.config
        return torch.optim.Adam(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )

    def losses(self, normal: Tensor, abnormal: Tensor) -> Mapping[str, Tensor]:
        features, scores_BT = self._of_crops(torch.cat([normal, abnormal]))
        chosen = self._chosen(features, is_training=True)
        half = len(normal)
        tops_B = scores_BT.gather(1, chosen).mean(1)
        labels_B = torch.zeros_like(tops_B)
        labels_B[half:] = 1
        bce = F.binary_cross_entropy(tops_B, labels_B)
        magnitude = self._magnitude_loss(features, chosen, half)
        abnormal_scores = scores_BT[half:].flatten()
        sparsity = abnormal_scores.norm()
        # Over the borders between videos, as in the authors' code.
        smoothness = abnormal_scores.diff().square().sum()
        loss = (
            bce + self.config.magnitude_weight * magnitude
            + SPARSITY * sparsity + SMOOTHNESS * smoothness
        )  # fmt: skip
        return {"loss": loss, "bce": bce, "magnitude": magnitude}

    def _of_crops(self, bags_BKTD: Tensor) -> tuple[Tensor, Tensor]:
        """(B, K, T, D) and (B, T), the mean over crops; float32."""
        features, scores = self.output(bags_BKTD.flatten(0, 1))
        n_crops = bags_BKTD.shape[1]
        features = features.float().unflatten(0, (-1, n_crops))
        return features, scores.float().unflatten(0, (-1, n_crops)).mean(1)

    def _chosen(self, features_BKTD: Tensor, *, is_training: bool) -> Tensor:
        """(B, k): the segments of the largest features, the mean over crops; the same in all crops.

        In training a segment is a candidate with probability 1 − dropout alone.
        """
        magnitudes_BT = features_BKTD.norm(dim=3).mean(1)
        if is_training:
            magnitudes_BT = magnitudes_BT * F.dropout(
                torch.ones_like(magnitudes_BT), self.config.dropout
            )
        n_top = min(self.config.top_segments, magnitudes_BT.shape[1])
        return magnitudes_BT.topk(n_top, dim=1).indices

    def _magnitude_loss(self, features_BKTD: Tensor, chosen: Tensor, half: int) -> Tensor:
        """Abnormal tops are to be `margin` long, normal ones 0; bag i of each, crop by crop."""
        n_crops, dimension = features_BKTD.shape[1], features_BKTD.shape[3]
        index = chosen[:, None, :, None].expand(-1, n_crops, -1, dimension)
        lengths_BK = features_BKTD.gather(2, index).mean(2).norm(dim=2)
        normal, abnormal = lengths_BK[:half], lengths_BK[half:]
        return ((self.config.margin - abnormal).abs() + normal).square().mean()

    def video_scores(self, bags: Tensor) -> Tensor:
        features, scores_BT = self._of_crops(bags)
        return scores_BT.gather(1, self._chosen(features, is_training=False)).mean(1)

    def bag_scores(self, bags: Tensor) -> Tensor:
        scores_BT: Tensor = self.output(bags)[1]
        return scores_BT.float()

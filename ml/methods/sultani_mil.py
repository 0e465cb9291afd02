"""MIL ranking: the highest score of an abnormal bag above that of a normal one (Sultani et al.,
CVPR 2018).

B bags, T segments, N rows, K crops, D numbers of a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.data.features.bags import Bounds, Rows, means
from ml.device import to_device
from ml.losses.mil import all_pairs_hinge, roughness
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


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class SultaniMILConfig:
    segments: Segments = 32
    kept_as: KeptAs = "float16"
    dropout: Annotated[float, dropout_of("Before the second and third layer")] = 0.6
    sparsity: Annotated[
        float, option("Training", "Sparsity", "Weight of the sum of abnormal scores", ge=0)
    ] = 8e-5
    smoothness: Annotated[
        float, option("Training", "Smoothness", "Weight of jumps from segment to segment", ge=0)
    ] = 8e-5
    weight_penalty: Annotated[
        float, option("Training", "Weight penalty", "Of the squared weights of all layers", ge=0)
    ] = 0.001
    updates: Updates = 20_000
    batch_size: BatchSize = 60
    learning_rate: LearningRate = 0.01
    validate_every: ValidateEvery = 100
    precision: ComputePrecision = "float32"


def matlab_bounds(n_rows: int, n_segments: int) -> Bounds:
    """(T + 1,) as Sultani et al. cut: round(linspace(1, n, T + 1)), the last row never used."""
    places = np.floor(np.linspace(1, n_rows, n_segments + 1) + 0.5)
    return places.astype(np.int64) - 1


def matlab_means(rows: Rows, n_segments: int) -> NDArray[np.float32]:
    """(T, K, D): the mean of each segment of the rows (N, K, D)."""
    return means(rows, matlab_bounds(len(rows), n_segments))


def segment_of_rows(n_rows: int, n_segments: int) -> NDArray[np.int64]:
    """(N,): where several segments are made of one row, the last of them."""
    bounds = matlab_bounds(n_rows, n_segments)
    return np.searchsorted(bounds[:-1], np.arange(n_rows), side="right") - 1


@register
class SultaniMIL(WeakMethod):
    title = "MIL ranking"
    summary = (
        "Learns three layers by which the highest score of an abnormal video lies above that of a "
        "normal one"
    )
    paper = "Sultani et al., Real-World Anomaly Detection in Surveillance Videos, CVPR 2018"
    rule = (
        "A video is cut into as many segments as in training; the frames of a row have its "
        "segment's score, the mean over crops, and frames after the last row share its score"
    )
    Config = SultaniMILConfig
    tiny = SultaniMILConfig(segments=16, updates=150, batch_size=16, validate_every=10)
    width_of = "0.weight"
    config: SultaniMILConfig

    def make_bag(self, rows: Rows, n_segments: int) -> NDArray[np.float32]:
        return matlab_means(rows, n_segments)

    def build(self, dimension: int) -> nn.Module:
        dropout = self.config.dropout
        network = nn.Sequential(
            nn.Linear(dimension, 512), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(512, 32), nn.Dropout(dropout),
            nn.Linear(32, 1), nn.Sigmoid(),
        )  # fmt: skip
        for layer in network:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_normal_(layer.weight)
                nn.init.zeros_(layer.bias)
        return network

    def optimiser(self, network: nn.Module) -> Optimizer:
        return torch.optim.Adagrad(network.parameters(), lr=self.config.learning_rate)

    def losses(self, normal: Tensor, abnormal: Tensor) -> Mapping[str, Tensor]:
        scores_BT = self._scores(torch.cat([normal, abnormal]))
        normal_BT, abnormal_BT = scores_BT[: len(normal)], scores_BT[len(normal) :]
        ranking = all_pairs_hinge(normal_BT, abnormal_BT).sum()
        weights = [layer.weight for layer in self.learnt.modules() if isinstance(layer, nn.Linear)]
        loss = (
            ranking
            + self.config.sparsity * abnormal_BT.sum()
            + self.config.smoothness * roughness(abnormal_BT).sum()
            + self.config.weight_penalty * torch.stack([w.square().sum() for w in weights]).sum()
        )
        return {"loss": loss, "ranking": ranking / len(abnormal)}

    def _scores(self, bags_BTD: Tensor) -> Tensor:
        """(B, T) of segments, whose features are made 1 long first."""
        scores: Tensor = self.output(F.normalize(bags_BTD, dim=2)).squeeze(-1)
        return scores.float()

    def video_scores(self, bags: Tensor) -> Tensor:
        return self._scores(bags).amax(1)

    def bag_scores(self, bags: Tensor) -> Tensor:
        n_segments, n_rows = self.config.segments, bags.shape[1]
        # As a product, which gradients go back through.
        identity = np.eye(n_rows, dtype=np.float32)[:, None]
        shares_TN = torch.from_numpy(matlab_means(identity, n_segments)[:, 0])
        scores_BT = self._scores(to_device(shares_TN, self.device) @ bags)
        of_rows = torch.from_numpy(segment_of_rows(n_rows, n_segments))
        return scores_BT[:, to_device(of_rows, self.device)]

    def segment_scores(self, rows: Rows) -> NDArray[np.float32]:
        n_segments = self.config.segments
        bag = torch.from_numpy(matlab_means(rows, n_segments)).transpose(0, 1)
        scores_T = self._scores(to_device(bag, self.device)).mean(0).cpu().numpy()
        return scores_T[segment_of_rows(len(rows), n_segments)]

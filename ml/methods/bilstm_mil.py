"""Bi-LSTM+MIL: what a bidirectional LSTM makes of a bag's segments, ranked as in MIL.

The short-term detector of Watanabe et al. What their paper leaves open is in docs/weak-methods.md.
B bags, T segments, N rows, K crops, D numbers of a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.losses.mil import frobenius, pairwise_hinge, roughness
from ml.methods._base import option, register
from ml.methods._options import (
    BatchSize,
    ComputePrecision,
    KeptAs,
    LearningRate,
    RAdamReading,
    Segments,
    SplitSize,
    Updates,
    ValidateEvery,
    dropout_of,
)
from ml.methods._weak import WeakMethod, split_size_sweep
from ml.models.recurrent_ranking import RecurrentRanking
from ml.training.radam import radam


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class BiLSTMMILConfig:
    segments: Segments = 64
    kept_as: KeptAs = "float16"
    width: Annotated[
        int, option("Model", "LSTM width", "Hidden numbers of each direction", ge=1, le=4096)
    ] = 256
    dropout: Annotated[float, dropout_of("Before the second and third layer")] = 0.6
    smoothness: Annotated[
        float, option("Training", "Smoothness", "λ1, of jumps from segment to segment", ge=0)
    ] = 8e-5
    sparsity: Annotated[
        float, option("Training", "Sparsity", "λ2, of the sum of abnormal scores", ge=0)
    ] = 8e-5
    weight_penalty: Annotated[
        float, option("Training", "Weight penalty", "λ3, of the length of the three layers' "
                      "weights", ge=0),
    ] = 1e-3  # fmt: skip
    updates: Updates = 2490
    batch_size: BatchSize = 64
    learning_rate: LearningRate = 0.001
    radam: RAdamReading = "authors"
    validate_every: ValidateEvery = 10
    precision: ComputePrecision = "float32"
    split_size: SplitSize = 32


@register
class BiLSTMMIL(WeakMethod):
    title = "Bi-LSTM+MIL"
    summary = (
        "Reads the segments of a video in both directions and learns to rank the highest score "
        "of an abnormal video above that of a normal one"
    )
    paper = (
        "Watanabe et al., Real-World Anomaly Detection Integrating Long- and Short-Term "
        "Classification (in Japanese)"
    )
    rule = (
        "The frames of a row of features have its score, the mean over crops, made with the "
        "split_size rows of its bag in view; frames after the last row share its score"
    )
    Config = BiLSTMMILConfig
    tiny = BiLSTMMILConfig(
        segments=4, width=8, updates=60, batch_size=4, learning_rate=0.01, validate_every=10,
        split_size=2,
    )  # fmt: skip
    sweeps = (split_size_sweep(),)
    width_of = "lstm.weight_ih_l0"
    config: BiLSTMMILConfig

    def build(self, dimension: int) -> nn.Module:
        return RecurrentRanking(dimension, width=self.config.width, dropout=self.config.dropout)

    def optimiser(self, network: nn.Module) -> Optimizer:
        rate, is_torch = self.config.learning_rate, self.config.radam == "torch"
        return radam(network.parameters(), lr=rate, is_torch=is_torch)

    def losses(self, normal: Tensor, abnormal: Tensor) -> Mapping[str, Tensor]:
        """The paper's equation 2 for bag i of each kind, the mean over i."""
        normal_BT, abnormal_BT = self.output(normal).float(), self.output(abnormal).float()
        ranking = pairwise_hinge(normal_BT, abnormal_BT).mean()
        assert isinstance(self.learnt, RecurrentRanking)
        loss = (
            ranking
            + self.config.smoothness * roughness(abnormal_BT).mean()
            + self.config.sparsity * abnormal_BT.sum(1).mean()
            + self.config.weight_penalty * frobenius(self.learnt.layer_weights)
        )
        return {"loss": loss, "ranking": ranking}

    def video_scores(self, bags: Tensor) -> Tensor:
        return self.output(bags).float().amax(1)

    @property
    def bag_length(self) -> int:
        return self.config.split_size

    def bag_scores(self, bags: Tensor) -> Tensor:
        scores_BT: Tensor = self.output(bags)
        return scores_BT.float()

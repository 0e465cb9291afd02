"""Video Classifier: attention over the segments of a bag, learnt from labels of whole videos.

The long-term detector of Watanabe et al., ICIP 2022. What their paper leaves open their code
decides, as docs/weak-methods.md says. B bags, T segments, N rows, K crops, D numbers of a feature.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from pydantic.dataclasses import dataclass
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.data.features.bags import Rows
from ml.methods._base import ReadySweep, Variant, option, register
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
from ml.models.temporal_attention import (
    AttentionClassifier,
    RecurrentAttentionClassifier,
    RecurrentClassifier,
)
from ml.training.radam import radam

Layers = Literal["attention", "lstm", "lstm_attention"]


@dataclass(frozen=True, kw_only=True, config={"extra": "forbid"})
class VideoClassifierConfig:
    segments: Segments = 32
    kept_as: KeptAs = "float16"
    layers: Annotated[
        Layers,
        option("Model", "Layers", "Attention alone, a bidirectional LSTM alone, or attention over "
               "what the LSTM gives"),
    ] = "attention"  # fmt: skip
    attention_width: Annotated[
        int, option("Model", "Attention width", "Hidden numbers of the attention", ge=1, le=4096)
    ] = 64
    hops: Annotated[int, option("Model", "Hops", "Weighted means over a bag", ge=1, le=64)] = 3
    dropout: Annotated[float, dropout_of("Of the attention's weights")] = 0.3
    updates: Updates = 2490
    batch_size: BatchSize = 64
    learning_rate: LearningRate = 0.001
    radam: RAdamReading = "authors"
    validate_every: ValidateEvery = 249
    precision: ComputePrecision = "float32"
    split_size: SplitSize = 32


@register
class VideoClassifier(WeakMethod):
    title = "Video Classifier"
    summary = (
        "Learns to tell normal from abnormal videos by attention over their segments; parts of a "
        "video are scored as if they were videos"
    )
    paper = (
        "Watanabe et al., Real-World Video Anomaly Detection by Extracting Salient Features in "
        "Videos, ICIP 2022"
    )
    rule = (
        "All frames of a bag of split_size rows of features have the bag's score, the mean over "
        "crops; the last bag is shorter, and frames after the last row share its score"
    )
    Config = VideoClassifierConfig
    tiny = VideoClassifierConfig(
        segments=4, attention_width=8, hops=2, updates=60, batch_size=4, learning_rate=0.02,
        validate_every=10, split_size=2,
    )  # fmt: skip
    sweeps = (
        ReadySweep(
            name="layers",
            title="LSTM, attention, and both",
            reproduces="Table 1 of the Japanese paper (split_size 32, chosen on test)",
            variants=(
                Variant(title="attention"),
                Variant(title="LSTM", config={"layers": "lstm"}),
                Variant(title="LSTM and attention", config={"layers": "lstm_attention"}),
            ),
        ),
        split_size_sweep(),
    )
    config: VideoClassifierConfig

    @property
    def width_of(self) -> str:  # type: ignore[override]
        is_attention = self.config.layers == "attention"
        return "attention.hidden.weight" if is_attention else "lstm.weight_ih_l0"

    def build(self, dimension: int) -> nn.Module:
        if self.config.layers == "lstm":
            return RecurrentClassifier(dimension)
        is_attention = self.config.layers == "attention"
        kind = AttentionClassifier if is_attention else RecurrentAttentionClassifier
        return kind(
            dimension, hidden=self.config.attention_width, hops=self.config.hops,
            dropout=self.config.dropout,
        )  # fmt: skip

    def optimiser(self, network: nn.Module) -> Optimizer:
        rate, is_torch = self.config.learning_rate, self.config.radam == "torch"
        return radam(network.parameters(), lr=rate, is_torch=is_torch)

    def losses(self, normal: Tensor, abnormal: Tensor) -> Mapping[str, Tensor]:
        logits_B = self.output(torch.cat([normal, abnormal])).float()
        labels_B = torch.zeros_like(logits_B)
        labels_B[len(normal) :] = 1
        return {"loss": F.binary_cross_entropy_with_logits(logits_B, labels_B)}

    def video_scores(self, bags: Tensor) -> Tensor:
        return torch.sigmoid(self.output(bags).float())

    @property
    def bag_length(self) -> int:
        return self.config.split_size

    def bag_scores(self, bags: Tensor) -> Tensor:
        return self.video_scores(bags)[:, None].expand(-1, bags.shape[1])

    def segment_scores(self, rows: Rows) -> NDArray[np.float32]:
        length, n_crops = self.config.split_size, rows.shape[1]
        parts = []
        for bags in self.as_bags(rows, length):
            scores = self.video_scores(bags).unflatten(0, (-1, n_crops)).mean(1)
            parts.append(scores.repeat_interleave(bags.shape[1]).cpu().numpy())
        return np.concatenate(parts)
